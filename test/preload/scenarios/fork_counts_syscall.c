/* fork_counts, by syscall(SYS_fork). A program of its own: whoever imports syscall gets its reporter late. */
#define FORK_BY_SYSCALL
#include "fork_counts.c"
