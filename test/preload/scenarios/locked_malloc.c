/* A program that exports the allocator of locked_malloc.h, as rustc does jemalloc. Prints whose blocks it gets, from
 * several threads, and how many of the calls under the lock went well. */
#include "../plugins/locked_malloc.h"

#include "scene.h"

static bool is_own(void *block)
{
    return ((struct locked_head *)block)[-1].mark == locked_mark;
}

static void *many(void *bad)
{
    void *kept[64] = {NULL};
    for (unsigned i = 0; i < 20000; i++) {
        void **place = &kept[i * 7 % 64];
        *place = i % 3 == 0 ? realloc(*place, 1 + i % 3000) : (free(*place), calloc(1, 1 + i % 500));
        *(unsigned *)bad += *place == NULL || !is_own(*place);
    }
    for (unsigned i = 0; i < 64; i++)
        free(kept[i]);
    return NULL;
}

int main(void)
{
    pthread_t thread[4];
    unsigned bad[4] = {0};
    char *copy = strdup("copy"), *printed = NULL;
    void *mapping = locked_map(4096);
    MUST(munmap(mapping, 4096) == 0 && prctl(PR_GET_DUMPABLE) >= 0 && syscall(SYS_getppid) > 0);
    MUST(asprintf(&printed, "%d", 17) == 2);
    printf("strdup %d, asprintf %d\n", is_own(copy), is_own(printed));
    for (unsigned i = 0; i < 4; i++)
        MUST(pthread_create(&thread[i], NULL, many, &bad[i]) == 0);
    for (unsigned i = 0; i < 4; i++)
        MUST(pthread_join(thread[i], NULL) == 0);
    printf("%u calls went well under the lock, %u strangers\n", locked_calls, bad[0] + bad[1] + bad[2] + bad[3]);
    free(copy);
    free(printed);
    return 5;
}
