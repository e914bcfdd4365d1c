/* Restores the terminal where a signal ends the command in full-screen mode. */
#ifndef TM_RESTORE_H
#define TM_RESTORE_H

/* Before curses changes the terminal. NULL, or the reason why it cannot show a full screen. */
const char *restore_keep(void);

/* After curses has changed it: from here on, signals restore it. Signals that are ignored stay ignored. */
void restore_prepare(void);

#endif
