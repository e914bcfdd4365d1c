#include "screen.h"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curses.h>

#include "cmd/diagnostics.h"
#include "model.h"
#include "restore.h"

static struct {
    bool shown;
    bool coloured;
    int errors; /* the original stderr; -1: none was kept */
} screen = {.errors = -1};

bool screen_utf8(void)
{
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* ---- beginning and end ---- */

static void begin_colours(void)
{
    static const short ages[CANVAS_AGES] = {COLOR_GREEN, COLOR_CYAN, COLOR_YELLOW, COLOR_MAGENTA, COLOR_RED};
    const char *no_colour = getenv("NO_COLOR");
    screen.coloured = (no_colour == NULL || no_colour[0] == '\0') && has_colors() && start_color() == OK;
    if (!screen.coloured)
        return;
    short background = use_default_colors() == OK ? -1 : COLOR_BLACK;
    for (int i = 0; i < CANVAS_AGES; i++)
        init_pair((short)(LOOK_AGE + i), ages[i], background);
    init_pair(LOOK_KEY, COLOR_CYAN, background);
    init_pair(LOOK_MORE, COLOR_YELLOW, background);
    init_pair(LOOK_LESS, COLOR_GREEN, background);
    init_pair(LOOK_ALERT, COLOR_RED, background);
}

static void silence_errors(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    screen.errors = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    if (screen.errors >= 0 && nowhere >= 0)
        dup2(nowhere, STDERR_FILENO);
    if (nowhere >= 0)
        close(nowhere);
}

bool screen_begin(void)
{
    const char *term = getenv("TERM");
    const char *why = restore_keep();
    if (why == NULL && newterm(NULL, stdout, stdin) == NULL)
        why = "it cannot be used";
    if (why != NULL)
        return report_error("%s: %s", term != NULL && term[0] != '\0' ? term : "TERM", why) == STATUS_OK;
    screen.shown = true;
    atexit(screen_end);
    restore_prepare();
    silence_errors();
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(50);
    curs_set(0);
    begin_colours();
    return true;
}

void screen_end(void)
{
    if (!screen.shown)
        return;
    screen.shown = false;
    endwin();
    if (screen.errors >= 0) {
        dup2(screen.errors, STDERR_FILENO);
        close(screen.errors);
        screen.errors = -1;
    }
}

/* ---- output ---- */

struct canvas screen_canvas(void)
{
    return canvas_new(LINES, COLS, screen_utf8());
}

static attr_t attributes_of(enum look look)
{
    static const attr_t plain[LOOKS] = {
        [LOOK_FAINT] = A_DIM, [LOOK_STRONG] = A_BOLD,  [LOOK_BAR] = A_REVERSE,
        [LOOK_KEY] = A_BOLD,  [LOOK_HERE] = A_REVERSE, [LOOK_ALERT] = A_BOLD,
    };
    bool paired = look >= LOOK_AGE || look == LOOK_KEY || look == LOOK_MORE || look == LOOK_LESS || look == LOOK_ALERT;
    return plain[look] | (screen.coloured && paired ? (attr_t)COLOR_PAIR(look) : 0);
}

void screen_show(const struct canvas *canvas)
{
    erase();
    for (int row = 0; row < canvas->rows; row++)
        for (int column = 0; column < canvas->columns; column++) {
            const struct cell *cell = canvas_at(canvas, row, column);
            attrset((int)attributes_of(cell->look));
            if (cell->text[0] != '\0')
                mvaddstr(row, column, cell->text);
        }
    refresh();
}

/* ---- keys ---- */

static int model_key_of(int key)
{
    static const struct {
        int from, to;
    } keys[] = {
        {KEY_UP, MODEL_UP},       {KEY_DOWN, MODEL_DOWN},     {KEY_LEFT, MODEL_LEFT},
        {KEY_RIGHT, MODEL_RIGHT}, {KEY_PPAGE, MODEL_PAGE_UP}, {KEY_NPAGE, MODEL_PAGE_DOWN},
        {KEY_HOME, MODEL_HOME},   {KEY_END, MODEL_END},       {KEY_ENTER, MODEL_ENTER},
        {'\r', MODEL_ENTER},      {'\n', MODEL_ENTER},        {KEY_BACKSPACE, MODEL_BACKSPACE},
        {0x7F, MODEL_BACKSPACE},  {'\b', MODEL_BACKSPACE},    {0x1B, MODEL_ESCAPE},
        {KEY_F(1), MODEL_HELP},   {KEY_F(10), 'q'},           {KEY_RESIZE, SCREEN_NOTHING},
        {ERR, SCREEN_NOTHING},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].from == key)
            return keys[i].to;
    return key < 0x100 ? key : SCREEN_NOTHING;
}

int screen_key(int ms)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    int key = getch();
    if (key == ERR && poll(&input, 1, ms) > 0 && (input.revents & POLLIN) == 0)
        return SCREEN_GONE;
    if (key == ERR)
        key = getch();
    return key == ERR && (input.revents & POLLIN) != 0 && input.revents != POLLIN ? SCREEN_GONE : model_key_of(key);
}
