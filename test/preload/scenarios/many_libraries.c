/* many_libraries COUNT [DIRECTORY]: there are at least COUNT objects at start; or as many are opened from there, as
 * many_0000.so and so on, and closed again. Allocates meanwhile. */
#include "blocks.h"

#include <dlfcn.h>
#include <link.h>

static int count_object(struct dl_phdr_info *object, size_t size, void *count)
{
    (void)object, (void)size;
    ++*(unsigned *)count;
    return 0;
}

static unsigned objects(void)
{
    unsigned count = 0;
    dl_iterate_phdr(count_object, &count);
    return count;
}

static void *open_one(const char *directory, unsigned number)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/many_%04u.so", directory, number);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        dprintf(2, "%s\n", dlerror());
    MUST(handle != NULL);
    void *(*made)(void) = (void *(*)(void))dlsym(handle, "many_block");
    MUST(made != NULL && malloc_usable_size(made()) >= 40);
    return handle;
}

int main(int argc, char **argv)
{
    MUST(argc >= 2);
    unsigned count = (unsigned)atoi(argv[1]);
    void *handle[2000];
    MUST(count <= sizeof handle / sizeof handle[0]);
    churn(100);
    for (unsigned i = 0; argc > 2 && i < count; i++)
        handle[i] = open_one(argv[2], i);
    MUST(objects() >= count);
    char *p = block(300);
    p = realloc(p, 3000);
    MUST(p[0] == 0x5a && p[299] == 0x5a);
    churn(1000);
    free(p);
    for (unsigned i = 0; argc > 2 && i < count; i++)
        MUST(dlclose(handle[i]) == 0);
    churn(1000);
    puts("so many libraries");
    return 2;
}
