#include "environment.h"

#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "glibc.h"

/* Where the kernel has left them: the count of arguments, the arguments, NULL, the environment, NULL. */
static char **first_environment(void)
{
    char **stack = &__libc_stack_end != NULL ? __libc_stack_end : NULL;
    return stack != NULL ? stack + 1 + *(long *)stack + 1 : NULL;
}

const char *environment_get(const char *name)
{
    char **each = environ != NULL ? environ : first_environment();
    size_t length = strlen(name);
    if (getauxval(AT_SECURE) != 0)
        return NULL;
    for (; each != NULL && *each != NULL; each++)
        if (strncmp(*each, name, length) == 0 && (*each)[length] == '=')
            return *each + length + 1;
    return NULL;
}
