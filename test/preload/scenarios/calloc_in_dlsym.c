/* dlsym allocates while the real allocator is being looked up; main then uses, resizes and frees those blocks. */
#include "../plugins/early.h"
#include "blocks.h"

#include <dlfcn.h>

int main(void)
{
    const struct early *early;
    MUST(dlsym(RTLD_DEFAULT, "printf") != NULL); /* bare, the first call of dlsym */
    unsigned count = early_blocks(&early);
    MUST(count >= 3);
    for (unsigned i = 0; i < count; i++) {
        unsigned char *p = early[i].block;
        MUST(malloc_usable_size(p) >= early[i].size);
        for (size_t b = 0; b < early[i].size; b++)
            MUST(p[b] == early[i].fill);
        if (i % 2 == 0) {
            p = realloc(p, early[i].size * 3);
            MUST(p != NULL && p[0] == early[i].fill && p[early[i].size - 1] == early[i].fill);
            memset(p, 1, early[i].size * 3);
        }
        free(p);
    }
    free(block(100));
    puts("all of them were good");
    dprintf(2, "early=%u\n", count / 3 > 1 ? 2 : 1);
    return 0;
}
