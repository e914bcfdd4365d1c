/* strdup and strndup: copies of the right length, the program's own blocks. */
#include "blocks.h"

int main(void)
{
    static char text[5001];
    unsigned made = 0;
    memset(text, 'x', 5000);
    for (size_t n = 0; n <= 5000; n += n / 3 + 1) {
        char *a = strdup(text + 5000 - n), *b = strndup(text, n), *c = strndup(text + 5000 - n, SIZE_MAX);
        MUST(strlen(a) == n && strlen(b) == n && strlen(c) == n);
        MUST(malloc_usable_size(a) >= n + 1 && malloc_usable_size(b) >= n + 1);
        a = realloc(a, n + 100);
        MUST(strlen(a) == n);
        free(a);
        free(b);
        free(c);
        made += 3;
    }
    char unended[4] = {'a', 'b', 'c', 'd'}; /* nothing behind the fourth may be looked at */
    char *p = strndup(unended, 4);
    puts(p);
    printf("kept=%zu\n", strlen(strdup("this one stays")) + 1);
    free(p);
    printf("made=%u\n", made + 2);
    return 0;
}
