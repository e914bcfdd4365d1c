/* glibc's own tools for its allocator still speak of the allocator that is in use. */
#include "blocks.h"

static void *kept[200];

/* What the function writes to stderr. */
static size_t stderr_of(void (*function)(void), char *text, size_t capacity)
{
    int ends[2], before = dup(2);
    MUST(pipe(ends) == 0);
    dup2(ends[1], 2);
    function();
    dup2(before, 2);
    close(before);
    close(ends[1]);
    ssize_t n = read(ends[0], text, capacity - 1);
    close(ends[0]);
    text[n > 0 ? n : 0] = 0;
    return n > 0 ? (size_t)n : 0;
}

int main(void)
{
    char text[20000] = "";
    setvbuf(stdout, NULL, _IONBF, 0);

    struct mallinfo2 before = mallinfo2();
    for (unsigned i = 0; i < 200; i++)
        kept[i] = block(5000);
    struct mallinfo2 after = mallinfo2();
    size_t grown = after.uordblks - before.uordblks;
    printf("mallinfo2 sees a million bytes: %d\n", grown >= 1000000 && grown < 1100000);

    before = mallinfo2();
    void *mapped = block(300000);
    after = mallinfo2();
    printf("%zu block mapped\n", after.hblks - before.hblks);
    free(mapped);
    printf("mallopt: %d\n", mallopt(M_MMAP_THRESHOLD, 4 << 20));
    before = mallinfo2();
    mapped = block(300000);
    after = mallinfo2();
    printf("mallopt was heard: %zu block mapped\n", after.hblks - before.hblks);
    free(mapped);

    for (unsigned i = 0; i < 200; i++)
        free(kept[i]);
    void *on_top = block(100);
    printf("malloc_trim gave something back: %d\n", malloc_trim(0));
    free(on_top);

    FILE *xml = tmpfile();
    MUST(xml != NULL && malloc_info(0, xml) == 0);
    rewind(xml);
    MUST(fread(text, 1, sizeof(text) - 1, xml) > 100);
    fclose(xml);
    printf("malloc_info: %.20s\n", text);
    printf("malloc_stats tells: %d\n",
           stderr_of(malloc_stats, text, sizeof(text)) > 100 && strstr(text, "Arena 0:") != NULL);
    struct mallinfo2 last = mallinfo2();
    MUST(last.arena > 0);
    return 0;
}
