#include "restore.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <curses.h>
#include <term.h>

enum { LEAVE = 256 };

static struct {
    struct termios before;
    char leave[LEAVE]; /* the bytes that restore it */
    size_t leave_bytes;
} terminal;

const char *restore_keep(void)
{
    int found;
    tcgetattr(STDIN_FILENO, &terminal.before);
    if (setupterm(NULL, STDOUT_FILENO, &found) != OK)
        return "this terminal is not known";
    const char *place = tigetstr("cup");
    return place != NULL && place != (char *)-1 ? NULL
                                                : "this terminal cannot place its cursor; --once prints one page";
}

static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};

/* endwin() must not be called in a signal handler; write() and tcsetattr() may. */
static void leave_by_signal(int number)
{
    ssize_t written = write(STDOUT_FILENO, terminal.leave, terminal.leave_bytes);
    (void)written;
    tcsetattr(STDIN_FILENO, TCSANOW, &terminal.before);
    raise(number); /* SA_RESETHAND: now the default action */
}

/* Without its delays, which are written $<5>. */
static void keep_capability(const char *name)
{
    const char *text = tigetstr(name);
    if (text == NULL || text == (char *)-1)
        return;
    while (*text != '\0' && terminal.leave_bytes < LEAVE) {
        if (text[0] == '$' && text[1] == '<' && strchr(text, '>') != NULL)
            text = strchr(text, '>') + 1;
        else
            terminal.leave[terminal.leave_bytes++] = *text++;
    }
}

void restore_prepare(void)
{
    static const char *const names[] = {"sgr0", "op", "cnorm", "rmkx", "rmcup"};
    struct sigaction action = {.sa_handler = leave_by_signal, .sa_flags = (int)SA_RESETHAND};
    terminal.leave_bytes = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        keep_capability(names[i]);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct sigaction present;
        sigaction(ends[i], NULL, &present);
        if (present.sa_handler != SIG_IGN) /* as nohup sets it */
            sigaction(ends[i], &action, NULL);
    }
}
