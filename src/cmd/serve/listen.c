#include "listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cmd/diagnostics.h"

enum { BACKLOG = 64, NAME = 256 };

struct place {
    char name[NAME];
    char port[16];
};

/* "[::1]:80" and "127.0.0.1:80"; without a colon all is the port, or, as of a Host, all is the name. */
static bool split_address(const char *where, bool only_name, struct place *place)
{
    const char *bracket = where[0] == '[' ? strchr(where, ']') : NULL;
    const char *colon = strrchr(bracket != NULL ? bracket : where, ':');
    const char *begin = bracket != NULL ? where + 1 : where;
    const char *end = bracket != NULL ? bracket : colon != NULL ? colon : only_name ? where + strlen(where) : where;
    const char *port = colon != NULL ? colon + 1 : only_name ? "" : where;
    if ((size_t)(end - begin) >= sizeof place->name || strlen(port) >= sizeof place->port)
        return false;
    if (bracket != NULL && bracket[1] != ':' && (bracket[1] != '\0' || !only_name))
        return false;
    memcpy(place->name, begin, (size_t)(end - begin));
    place->name[end - begin] = '\0';
    memcpy(place->port, port, strlen(port) + 1);
    return true;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

bool listen_is_local(const char *host)
{
    struct place place;
    struct in_addr four;
    struct in6_addr six;
    if (!split_address(host, true, &place))
        return false;
    if (host[0] == '[')
        return inet_pton(AF_INET6, place.name, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
    if (inet_pton(AF_INET, place.name, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    return strcasecmp(place.name, "localhost") == 0;
}

static int open_socket(const struct addrinfo *info)
{
    const int yes = 1;
    int file = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (file < 0)
        return -1;
    setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(file, info->ai_addr, info->ai_addrlen) == 0 && listen(file, BACKLOG) == 0)
        return file;
    int why = errno;
    close(file);
    errno = why;
    return -1;
}

/* As the kernel has it: with the port that it chose. */
static bool describe_address(struct listening *listening)
{
    struct sockaddr_storage address = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof address;
    char name[64], port[16];
    if (getsockname(listening->socket, (struct sockaddr *)&address, &length) != 0 ||
        getnameinfo((struct sockaddr *)&address, length, name, sizeof name, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    bool six = address.ss_family == AF_INET6;
    snprintf(listening->url, sizeof listening->url, six ? "http://[%s]:%s" : "http://%s:%s", name, port);
    listening->loopback = is_loopback((struct sockaddr *)&address);
    return true;
}

bool listen_at(const char *where, struct listening *listening)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *info;
    struct place place;
    if (!split_address(where, false, &place) || place.port[0] == '\0')
        return report_error("invalid value '%s' for option '--listen' (allowed: ADDRESS:PORT)", where) == STATUS_OK;
    int failure = getaddrinfo(place.name[0] != '\0' ? place.name : "127.0.0.1", place.port, &hints, &info);
    if (failure != 0)
        return report_error("cannot resolve %s: %s", where, gai_strerror(failure)) == STATUS_OK;
    listening->socket = open_socket(info);
    freeaddrinfo(info);
    if (listening->socket < 0 || !describe_address(listening))
        return report_error("cannot listen on %s: %s", where, strerror(errno)) == STATUS_OK;
    return true;
}
