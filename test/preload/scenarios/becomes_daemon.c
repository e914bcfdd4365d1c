/* A daemon: forks twice, setsid, changes directory, closes all; or the C library's daemon(). It lives for a while and
 * leaves word in a file; the program that started it waits for that word.
 *
 *   becomes_daemon own|libc FILE */
#include "scene.h"

#include <dirent.h>

static void detach_by_hand(void)
{
    if (fork() != 0)
        _exit(0);
    setsid();
    if (fork() != 0)
        exit(0);
    MUST(chdir("/") == 0);
    umask(0);
    for (int fd = 0; fd < 1024; fd++)
        close(fd);
    MUST(open("/dev/null", O_RDWR) == 0 && dup(0) == 1 && dup(0) == 2);
}

static _Noreturn void serve(const char *path)
{
    char text[256], name[4096];
    size_t length = (size_t)snprintf(text, sizeof text, "daemon worked, descriptors");
    void *kept[50];
    for (unsigned i = 0; i < 50; i++)
        kept[i] = block(100 * i);
    work(0.7);
    for (unsigned i = 0; i < 50; i++)
        free(kept[i]);
    for (int fd = 0; fd < 64; fd++)
        if (fcntl(fd, F_GETFD) >= 0)
            length += (size_t)snprintf(text + length, sizeof text - length, " %d", fd);
    snprintf(name, sizeof name, "%s.new", path);
    int file = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    MUST(write(file, text, length) == (ssize_t)length && rename(name, path) == 0);
    close(file);
    exit(0);
}

int main(int argc, char **argv)
{
    char word[256];
    MUST(argc == 3);
    free(block(10));
    pid_t child = fork();
    if (child == 0) {
        if (strcmp(argv[1], "libc") == 0)
            MUST(daemon(0, 0) == 0);
        else
            detach_by_hand();
        serve(argv[2]);
    }
    say_outcome("child", finish(child));
    for (unsigned i = 0; i < 200 && access(argv[2], R_OK) != 0; i++)
        nap(20);
    slurp(argv[2], word, sizeof word);
    printf("%s\n", word);
    unlink(argv[2]);
    nap(100); /* its own exit */
    return 0;
}
