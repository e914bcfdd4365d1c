/* `trackmalloc serve` beside the tests, or another server, and a client that asks it. */
#ifndef TM_CMD_HTTP_H
#define TM_CMD_HTTP_H

#include "harness.h"

#include "story.h"

enum { TIMEOUT_MS = 60000, STEP_MS = 50 };

/* A program beside the tests: its standard output is a pipe, whose end for reading is *from; its stderr is the file
 * "beside.err". end_beside returns what waitpid said. */
pid_t start_beside(const char *const *argv, int *from);
int end_beside(pid_t child, int signal);

/* The server that was started last. */
extern struct server {
    pid_t pid;
    int from;
    unsigned port;
} server;

void serve_at(const char *where);

/* For cmocka: it listens on a port that is free, and ends well. */
int start_serving(void **state);
int stop_serving(void **state);
#define SERVED(test) cmocka_unit_test_setup_teardown(test, start_serving, stop_serving)

struct answer {
    char *text; /* all of it, a zero behind it; the caller frees it */
    const char *body;
    size_t body_bytes;
    int status; /* 0: there was no answer */
};

#define HTTP_END "Connection: close\r\n\r\n"

int connect_to(unsigned port); /* -1: nobody listens */
struct answer read_answer(int file);
struct answer http_ask_port(unsigned port, const char *words);
struct answer http_ask(const char *words);
struct answer http_get(const char *path, const char *headers);

/* Takes the answer over. */
void assert_status(struct answer answer, int status);

/* Made-up processes, in the directory of segments; both take the story over. */
const char *keep_as(struct story *story, pid_t pid, unsigned long long started);
const char *keep_as_ours(struct story *story); /* as this very process's, which lives */

#endif
