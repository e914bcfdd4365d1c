/* The way out of the full screen that is always open: a signal that ends us puts the terminal back first. */
#ifndef TM_RESTORE_H
#define TM_RESTORE_H

/* Before curses touches the terminal. NULL, or why it can show no full screen, in a few words. */
const char *restore_keep(void);

/* After it has: from here on, signals that end a process end this one in order. Those that are ignored stay so. */
void restore_prepare(void);

#endif
