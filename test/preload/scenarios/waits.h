/* The calls in which programs idle. */
#ifndef TM_TEST_WAITS_H
#define TM_TEST_WAITS_H

#include "scene.h"

#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

static void waits_rings(int signal)
{
    (void)signal;
}

/* SIGALRM after so long, which interrupts the call that is waited in. */
static inline void waits_ring_after(unsigned ms)
{
    struct sigaction action;
    const struct itimerval when = {{0, 0}, {(time_t)(ms / 1000), (long)(ms % 1000) * 1000}};
    memset(&action, 0, sizeof action);
    action.sa_handler = waits_rings;
    MUST(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &when, NULL) == 0);
}

static inline void wait_in_accept(void)
{
    struct sockaddr_un address;
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX; /* without a name the kernel gives it one */
    MUST(listener >= 0 && bind(listener, (struct sockaddr *)&address, sizeof(sa_family_t)) == 0);
    MUST(listen(listener, 1) == 0);
    MUST(accept(listener, NULL, NULL) < 0 && errno == EINTR);
    close(listener);
}

static inline void wait_in_sigwait(void)
{
    sigset_t set;
    int signal;
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL) == 0 && sigwait(&set, &signal) == 0 && signal == SIGALRM);
}

static inline void wait_in_descriptor(const char *way, unsigned ms)
{
    int ends[2];
    char byte;
    MUST(pipe2(ends, O_CLOEXEC) == 0);
    struct timeval left = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000};
    struct pollfd one = {ends[0], POLLIN, 0};
    fd_set set;
    FD_ZERO(&set);
    FD_SET(ends[0], &set);
    if (strcmp(way, "read") == 0) {
        MUST(read(ends[0], &byte, 1) < 0 && errno == EINTR);
    } else if (strcmp(way, "poll") == 0) {
        MUST(poll(&one, 1, (int)ms) == 0 || errno == EINTR);
    } else if (strcmp(way, "select") == 0) {
        MUST(select(ends[0] + 1, &set, NULL, NULL, &left) == 0 || errno == EINTR);
    } else {
        struct epoll_event event = {};
        int epoll = epoll_create1(EPOLL_CLOEXEC);
        event.events = EPOLLIN;
        MUST(strcmp(way, "epoll") == 0 && epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &event) == 0);
        MUST(epoll_wait(epoll, &event, 1, (int)ms) == 0 || errno == EINTR);
        close(epoll);
    }
    close(ends[0]);
    close(ends[1]);
}

static inline void wait_in(const char *way, unsigned ms)
{
    waits_ring_after(ms);
    if (strcmp(way, "pause") == 0)
        pause();
    else if (strcmp(way, "sleep") == 0)
        nap(ms);
    else if (strcmp(way, "accept") == 0)
        wait_in_accept();
    else if (strcmp(way, "sigwait") == 0)
        wait_in_sigwait();
    else
        wait_in_descriptor(way, ms);
}

#endif
