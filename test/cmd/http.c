#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "place.h"

/* ---- a program beside us ---- */

pid_t start_beside(const char *const *argv, int *from)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], 1);
        dup2(open(in_scratch("beside.err"), O_WRONLY | O_CREAT | O_TRUNC, 0600), 2);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    *from = ends[0];
    return child;
}

int end_beside(pid_t child, int signal)
{
    int status = -1;
    kill(child, signal);
    for (int waited = 0; waited < TIMEOUT_MS; waited += STEP_MS) {
        if (waitpid(child, &status, WNOHANG) == child)
            return status;
        nanosleep(&(struct timespec){0, STEP_MS * 1000000L}, NULL);
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    fail_msg("it did not end");
    return status;
}

/* ---- the server ---- */

struct server server;

void serve_at(const char *where)
{
    char line[256] = "";
    server.pid =
        start_beside(ARGV(built("trackmalloc"), "serve", "--listen", where, "--dir", segments()), &server.from);
    for (size_t i = 0; i < sizeof line - 1 && read(server.from, line + i, 1) == 1 && line[i] != '\n';)
        i++;
    if (sscanf(line, "listening on http://%*[0-9.]:%u", &server.port) != 1)
        fail_msg("it said: %s", line);
}

int start_serving(void **state)
{
    (void)state;
    serve_at("127.0.0.1:0");
    return 0;
}

int stop_serving(void **state)
{
    (void)state;
    int status = end_beside(server.pid, SIGTERM);
    close(server.from);
    return status == 0 ? 0 : -1;
}

/* ---- requests ---- */

int connect_to(unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct timeval timeout = {.tv_sec = TIMEOUT_MS / 1000};
    int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(file >= 0);
    setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    if (connect(file, (const struct sockaddr *)&address, sizeof address) == 0)
        return file;
    close(file);
    return -1;
}

struct answer read_answer(int file)
{
    struct answer answer = {.text = calloc(1, 1)};
    size_t length = 0;
    for (ssize_t part = 1; part > 0; length += part > 0 ? (size_t)part : 0) {
        answer.text = realloc(answer.text, length + 65537);
        assert_non_null(answer.text);
        part = recv(file, answer.text + length, 65536, 0);
    }
    answer.text[length] = '\0';
    sscanf(answer.text, "HTTP/1.%*c %d", &answer.status);
    const char *blank = strstr(answer.text, "\r\n\r\n");
    answer.body = blank != NULL ? blank + 4 : answer.text + length;
    answer.body_bytes = length - (size_t)(answer.body - answer.text);
    return answer;
}

struct answer http_ask_port(unsigned port, const char *words)
{
    int file = connect_to(port);
    if (file < 0)
        return (struct answer){.text = calloc(1, 1), .body = ""};
    assert_int_equal(send(file, words, strlen(words), MSG_NOSIGNAL), strlen(words));
    struct answer answer = read_answer(file);
    close(file);
    return answer;
}

struct answer http_ask(const char *words)
{
    return http_ask_port(server.port, words);
}

struct answer http_get(const char *path, const char *headers)
{
    char words[1024];
    snprintf(words, sizeof words, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s" HTTP_END, path, headers);
    return http_ask(words);
}

void assert_status(struct answer answer, int status)
{
    if (answer.status != status)
        fail_msg("not %d: %.500s", status, answer.text);
    free(answer.text);
}

/* ---- made-up processes ---- */

const char *keep_as(struct story *story, pid_t pid, unsigned long long started)
{
    const char *path = place_of((uint32_t)pid, started);
    struct snapshot *snapshot = story_lay_out(story);
    segment_write(path, snapshot);
    free(snapshot);
    free(story);
    return path;
}

const char *keep_as_ours(struct story *story)
{
    char stat[1024] = "";
    unsigned long long started = 0;
    FILE *file = fopen("/proc/self/stat", "r");
    assert_true(fread(stat, 1, sizeof stat - 1, file) > 0);
    fclose(file);
    sscanf(strrchr(stat, ')') + 1,
           " %*c"
           " %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu",
           &started);
    return keep_as(story, getpid(), started);
}
