/* A program that interposes malloc, free, calloc and realloc, and not one more, each block a mapping of its own (the
 * model is glibc's malloc/tst-interpose-aux.c): what it calls, from several threads, must reach these. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct head {
    size_t mapped, size;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned made, freed;

static _Noreturn void give_up(const char *text)
{
    if (write(2, text, strlen(text)) < 0)
        _exit(98);
    _exit(99);
}

static struct head *head_of(void *block)
{
    struct head *head = (struct head *)block - 1;
    if (((uintptr_t)head & 4095) != 0 || head->size + sizeof *head > head->mapped)
        give_up("a block that is none\n");
    return head;
}

void *malloc(size_t size)
{
    size_t bytes = (size + sizeof(struct head) + 4095) & ~(size_t)4095;
    if (bytes < size) {
        errno = ENOMEM;
        return NULL;
    }
    pthread_mutex_lock(&lock);
    struct head *head = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    made++;
    pthread_mutex_unlock(&lock);
    if (head == MAP_FAILED)
        return NULL;
    *head = (struct head){bytes, size};
    return head + 1;
}

void free(void *block)
{
    if (block == NULL)
        return;
    int error = errno;
    struct head *head = head_of(block);
    pthread_mutex_lock(&lock);
    freed++;
    if (munmap(head, head->mapped) != 0)
        give_up("munmap\n");
    pthread_mutex_unlock(&lock);
    errno = error;
}

void *calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return malloc(bytes); /* fresh mappings are zero */
}

void *realloc(void *block, size_t size)
{
    void *other = malloc(size);
    if (block == NULL || other == NULL)
        return other;
    size_t old = head_of(block)->size;
    memcpy(other, block, old < size ? old : size);
    free(block);
    return other;
}

/* ---- who calls them ---- */

static void *works(void *unused)
{
    for (unsigned i = 0; i < 200; i++) {
        char *text = NULL;
        size_t room = 0;
        FILE *file = fopen("/proc/self/stat", "r");
        if (file == NULL || getline(&text, &room, file) < 1)
            give_up("getline\n");
        fclose(file);
        free(text);
        text = strdup("a text");
        text = realloc(text, 8000);
        if (text == NULL || strcmp(text, "a text") != 0)
            give_up("realloc\n");
        free(text);
        free(calloc(3, 5));
        if (asprintf(&text, "%u", i) < 1)
            give_up("asprintf\n");
        free(text);
    }
    return unused;
}

int main(void)
{
    pthread_t thread[4];
    for (unsigned i = 0; i < 4; i++)
        if (pthread_create(&thread[i], NULL, works, NULL) != 0)
            give_up("pthread_create\n");
    for (unsigned i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    printf("made many: %d, freed many: %d\n", made > 4000, freed > 4000);
    return 0;
}
