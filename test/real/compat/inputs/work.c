/* Sorts, joins and hashes some strings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int main(void)
{
    enum { WORDS = 20000 };
    char **words = calloc(WORDS, sizeof(*words)), *all = NULL;
    size_t length = 0;
    unsigned hash = 5381;
    for (int i = 0; i < WORDS; i++) {
        words[i] = malloc(16);
        snprintf(words[i], 16, "%d", i * 7919 % 20011);
    }
    qsort(words, WORDS, sizeof(*words), by_text);
    for (int i = 0; i < WORDS; i++) {
        size_t more = strlen(words[i]);
        all = realloc(all, length + more + 1);
        memcpy(all + length, words[i], more + 1);
        length += more;
        free(words[i]);
    }
    for (size_t i = 0; i < length; i++)
        hash = hash * 33 + (unsigned char)all[i];
    printf("%zu %u\n", length, hash);
    free(all);
    free(words);
    return 3;
}
