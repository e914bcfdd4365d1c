/* Works under a locale of its own, where thousands are set apart in another way. Ends with 77 if there is none. */
#include "scene.h"

#include <locale.h>

int main(void)
{
    if (setlocale(LC_ALL, "de_DE.UTF-8") == NULL)
        return 77;
    for (unsigned i = 0; i < 12345; i++)
        free(block(10));
    printf("%'d %.1f\n", 1234567, 0.5);
    work(0.3);
    printf("%'d %.1f\n", 1234567, 0.5);
    return 0;
}
