/* Does as it is told on stdin, a line each, and answers with a line:
 *
 *   keep COUNT SIZE   holds so many blocks more          answers with what it holds: BLOCKS BYTES
 *   free COUNT        frees the last ones                the same
 *   fork              a child goes on here, the parent waits for it; answers with the child's pid
 *   exec PATH         becomes that program
 *   thread            another thread goes on, main leaves
 *   maps WORD         how many of its mappings hold that word
 *   leave HOW         return, exit, _exit, _Exit, quick_exit, pthread_exit, abort, exit_group: no answer
 *
 * At the end of stdin it returns. `keep` alone allocates for long. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "say.h"

enum { MOST = 100000, LINE = 8192 };

static struct {
    unsigned long blocks, bytes;
    void *block[MOST];
    size_t size[MOST];
} held;

static void keep(unsigned long count, size_t size)
{
    for (; count > 0 && held.blocks < MOST; count--) {
        held.size[held.blocks] = size;
        held.block[held.blocks++] = malloc(size);
        held.bytes += size;
    }
}

static void let_go(unsigned long count)
{
    for (; count > 0 && held.blocks > 0; count--) {
        free(held.block[--held.blocks]);
        held.bytes -= held.size[held.blocks];
    }
}

static unsigned maps(const char *word)
{
    static char text[1 << 20];
    unsigned found = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    size_t length = fread(text, 1, sizeof text - 1, file);
    text[length] = '\0';
    fclose(file);
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++)
        found++;
    return found;
}

static void wait_for_child(void)
{
    pid_t child = fork();
    if (child == 0) {
        say("%d\n", (int)getpid());
        return;
    }
    waitpid(child, NULL, 0);
    say("over\n");
}

static int leave(const char *how)
{
    if (strcmp(how, "exit") == 0)
        exit(0);
    if (strcmp(how, "_exit") == 0)
        _exit(0);
    if (strcmp(how, "_Exit") == 0)
        _Exit(0);
    if (strcmp(how, "quick_exit") == 0)
        quick_exit(0);
    if (strcmp(how, "pthread_exit") == 0)
        pthread_exit(NULL);
    if (strcmp(how, "abort") == 0)
        abort();
    if (strcmp(how, "exit_group") == 0) /* not by syscall(), which the library listens to */
        __asm__ volatile("syscall" : : "a"(SYS_exit_group), "D"(0) : "rcx", "r11", "memory");
    return strcmp(how, "return") != 0;
}

static size_t read_line(char *line)
{
    size_t length = 0;
    while (length < LINE - 1 && read(0, line + length, 1) == 1)
        if (line[length++] == '\n')
            break;
    line[length > 0 ? length - 1 : 0] = '\0';
    return length;
}

static int obey(void);

static void *go_on(void *unused)
{
    if (obey() != 0)
        abort();
    return unused;
}

static void leave_it_to_a_thread(void)
{
    pthread_t thread;
    pthread_create(&thread, NULL, go_on, NULL);
    pthread_exit(NULL);
}

static int obey(void)
{
    static char line[LINE], word[LINE];
    unsigned long count, size;
    while (read_line(line) != 0) {
        if (sscanf(line, "leave %s", word) == 1)
            return leave(word);
        if (sscanf(line, "exec %s", word) == 1)
            execl(word, word, "1", "77", NULL);
        if (strcmp(line, "thread") == 0)
            leave_it_to_a_thread();
        if (strcmp(line, "fork") == 0) {
            wait_for_child();
            continue;
        }
        if (sscanf(line, "maps %s", word) == 1) {
            say("%u\n", maps(word));
            continue;
        }
        if (sscanf(line, "keep %lu %lu", &count, &size) == 2)
            keep(count, size);
        if (sscanf(line, "free %lu", &count) == 1)
            let_go(count);
        say("%lu %lu\n", held.blocks, held.bytes);
    }
    return 0;
}

int main(int argc, char **argv)
{
    for (int i = 1; i + 1 < argc; i += 2) /* COUNT SIZE, to begin with */
        keep(strtoul(argv[i], NULL, 10), strtoul(argv[i + 1], NULL, 10));
    return obey();
}
