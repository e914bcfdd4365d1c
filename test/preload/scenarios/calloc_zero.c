/* calloc's memory is zero also where a dirty block has just been, at every size and in every size class. */
#include "blocks.h"

int main(void)
{
    static void *dirty[64];
    unsigned made = 0;
    for (size_t size = 1; size < 4 << 20; size += size / 7 + 1) {
        unsigned rounds = size < 100000 ? 64 : 3;
        for (unsigned i = 0; i < rounds; i++)
            memset(dirty[i] = hide(malloc(size)), 0xff, size);
        for (unsigned i = 0; i < rounds; i++)
            free(dirty[i]);
        for (unsigned i = 0; i < rounds; i++) {
            dirty[i] = hide(i % 2 ? calloc(size, 1) : calloc(1, size));
            MUST(is_zero(dirty[i], size));
            memset(dirty[i], 0xff, size);
        }
        for (unsigned i = 0; i < rounds; i++)
            free(dirty[i]);
        made += 2 * rounds;
    }
    printf("made=%u\n", made);
    return 0;
}
