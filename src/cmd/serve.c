/* `trackmalloc serve`: all tracked processes of the user over HTTP, for Prometheus, for profilers that pull, and for
 * people with a browser (doc/export.md). */
#include <argp.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "cmd/segment/find.h"
#include "cmd/serve/listen.h"
#include "cmd/serve/pages.h"
#include "command.h"

enum { CONNECTIONS = 64, TIMEOUT_SECONDS = 10 };

struct serve_arguments {
    struct arguments_places places;
    const char *where;
    bool loopback;
};

/* ---- a request ---- */

/* Nothing here is to be kept, guessed at, framed or asked for by another site's page. */
static const char *const headers[][2] = {
    {"Cache-Control", "no-store"},
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"},
};

/* Takes the page's body over. */
static enum MHD_Result send_page(struct MHD_Connection *connection, struct page page)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(page.length, page.body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        return MHD_NO;
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        MHD_add_response_header(response, headers[i][0], headers[i][1]);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, page.type);
    if (page.status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, page.status, response);
    MHD_destroy_response(response);
    return result;
}

static const char *header_of(struct MHD_Connection *connection, const char *name)
{
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

static struct page answer_get(const struct serve_arguments *arguments, struct MHD_Connection *connection,
                              const char *path)
{
    const char *host = header_of(connection, MHD_HTTP_HEADER_HOST);
    if (arguments->loopback && host != NULL && !listen_is_local(host))
        return page_error(MHD_HTTP_FORBIDDEN, "this is not the name of this server; call it 127.0.0.1 or localhost");
    const struct page_request request = {
        .directory = arguments->places.directory,
        .path = path,
        .pid = MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "pid"),
        .accept = header_of(connection, MHD_HTTP_HEADER_ACCEPT),
    };
    return page_answer(&request);
}

/* Called when the head of a request is there, and once more when it is whole. */
static enum MHD_Result answer_request(void *context, struct MHD_Connection *connection, const char *path,
                                      const char *method, const char *version, const char *upload, size_t *upload_bytes,
                                      void **state)
{
    static char head_seen;
    (void)version, (void)upload;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return send_page(connection, page_error(MHD_HTTP_METHOD_NOT_ALLOWED, "there is nothing here but to look at"));
    if (*upload_bytes != 0)
        return MHD_NO;
    if (*state == NULL) {
        *state = &head_seen;
        return MHD_YES;
    }
    return send_page(connection, answer_get(context, connection, path));
}

/* ---- the server ---- */

/* One thread answers all: a page is made in milliseconds, and who waits disturbs nobody. Until a signal ends it. */
static int serve_until_signal(const struct serve_arguments *arguments, const struct listening *listening)
{
    sigset_t ends;
    int signal;
    sigemptyset(&ends);
    sigaddset(&ends, SIGINT);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &ends, NULL);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, answer_request, (void *)arguments, MHD_OPTION_LISTEN_SOCKET,
        (MHD_socket)listening->socket, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS, MHD_OPTION_END);
    if (daemon == NULL)
        return report_error("cannot serve %s: %s", listening->url, strerror(errno));
    printf("listening on %s\n", listening->url);
    fflush(stdout);
    sigwait(&ends, &signal);
    MHD_stop_daemon(daemon);
    return STATUS_OK;
}

static error_t parse_serve(int key, char *value, struct argp_state *state)
{
    struct serve_arguments *arguments = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = &arguments->places;
        return 0;
    case 'l':
        arguments->where = value;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_option options[] = {
    {"listen", 'l', "ADDRESS:PORT", 0, "where to listen (127.0.0.1:9787); port 0 is any that is free", 0},
    {0},
};

static const struct argp_child common[] = {{.argp = &arguments_places}, {.argp = NULL}};

int serve_run(int argc, char **argv)
{
    static const struct argp argp = {
        .options = options,
        .parser = parse_serve,
        .children = common,
        .doc = "Serves all tracked processes over HTTP: a list of them at /, their metrics for Prometheus at /metrics, "
               "a heap profile at /debug/pprof/heap?pid=PID, a snapshot at /json?pid=PID."};
    struct serve_arguments arguments = {.where = "127.0.0.1:9787"};
    struct listening listening;
    argp_parse(&argp, argc, argv, 0, NULL, &arguments);
    if (!listen_at(arguments.where, &listening))
        return STATUS_FAILED;
    arguments.loopback = listening.loopback;
    if (!listening.loopback)
        report_error("warning: whoever reaches %s may read what your processes allocate, and their command lines; "
                     "nobody is asked who they are",
                     listening.url);
    return serve_until_signal(&arguments, &listening);
}
