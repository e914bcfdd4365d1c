/* A program gives up descriptor 2 and opens its database, which gets the number (PROBE#117, igprof#19): not a byte
 * of anybody else's may come into it.
 *
 *   database_on_stderr WAY DIRECTORY
 *
 * close: close(2), open. dup2: dup2 over it. all: closes every descriptor. fclose: fclose(stderr), open. socket: the
 * number goes to a socket. toggle: again and again. closed: the program starts without a stderr. inode: stderr was
 * a file that is deleted by now, and the database gets its inode. */
#include "scene.h"

#include <sys/socket.h>

enum { BYTES = 65536 };

static char content[BYTES], found[2 * BYTES], path[4096], stderr_path[4096];

static void fill(int file)
{
    MUST(pwrite(file, content, BYTES, 0) == BYTES);
}

static void database_opens(void)
{
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    while (file >= 0 && file < 2)
        file = open(path, O_RDWR);
    MUST(file == 2);
    fill(file);
}

static void toggle(void)
{
    int before = dup(2), file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    fill(file);
    for (double end = seconds() + 1; seconds() < end; churn(1)) {
        close(2);
        MUST(open(path, O_RDWR) == 2);
        churn(1);
        MUST(dup2(before, 2) == 2);
    }
    close(before);
    dup2(file, 2);
}

/* The deleted file's inode goes to the next one that is made, on most file systems; where it does not, the scene
 * still shows what it can. */
static void reuse_inode(void)
{
    static char text[BYTES];
    size_t length = slurp(stderr_path, text, sizeof text);
    MUST(length == 0 || write(9, text, length) == (ssize_t)length);
    close(9);
    unlink(stderr_path);
    close(2);
    database_opens();
}

static void socket_on_stderr(void)
{
    int pair[2];
    char byte;
    close(2);
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0 && pair[0] == 2);
    work(0.4);
    dprintf(1, "socket %s\n", recv(pair[1], &byte, 1, MSG_DONTWAIT) < 0 ? "empty" : "written to");
    fill(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600));
}

/* A new image of this program, with descriptor 2 as it will be found at start. */
static void restart(char **argv, const char *stage)
{
    if (strcmp(stage, "inode-2") == 0) {
        dup2(2, 9);
        int file = open(stderr_path, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, 0600);
        MUST(dup2(file, 2) == 2);
        close(file);
    } else {
        close(2);
    }
    execl("/proc/self/exe", argv[0], stage, argv[2], NULL);
    _exit(99);
}

static _Noreturn void act(char **argv)
{
    const char *way = argv[1];
    work(0.25); /* a report or two */
    if (strcmp(way, "closed") == 0)
        restart(argv, "closed-2");
    if (strcmp(way, "inode") == 0)
        restart(argv, "inode-2");
    if (strcmp(way, "toggle") == 0) {
        toggle();
    } else if (strcmp(way, "socket") == 0) {
        socket_on_stderr();
    } else if (strcmp(way, "inode-2") == 0) {
        reuse_inode();
    } else if (strcmp(way, "dup2") == 0) {
        int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
        fill(file);
        MUST(dup2(file, 2) == 2);
    } else {
        if (strcmp(way, "all") == 0)
            for (int fd = 0; fd < 1024; fd++)
                close(fd);
        if (strcmp(way, "close") == 0)
            close(2);
        if (strcmp(way, "fclose") == 0)
            fclose(stderr);
        database_opens();
    }
    work(0.4);
    exit(3);
}

int main(int argc, char **argv)
{
    MUST(argc == 3);
    snprintf(path, sizeof path, "%s/database", argv[2]);
    snprintf(stderr_path, sizeof stderr_path, "%s/stderr", argv[2]);
    for (unsigned i = 0; i < BYTES; i++)
        content[i] = (char)(i * 131 + 7);
    if (strcmp(argv[1], "closed-2") == 0 || strcmp(argv[1], "inode-2") == 0)
        act(argv);
    free(block(10));
    pid_t child = fork();
    if (child == 0)
        act(argv);
    say_outcome(argv[1], finish(child));
    size_t length = slurp(path, found, sizeof found);
    printf("database %s\n", length == BYTES && memcmp(content, found, BYTES) == 0 ? "unharmed" : "spoilt");
    unlink(path);
    unlink(stderr_path);
    return 0;
}
