/* Closes stderr, so or so, at exit or before.
 *
 *   closes_stderr gnulib   as close_stdout does, in an exit handler registered first thing
 *   closes_stderr late     registers the handler after others, and after plenty of work
 *   closes_stderr early    closes it in the middle of its life
 *   closes_stderr raw      close(2) in an exit handler */
#include "scene.h"

static const char *how;

static void other_handler(void)
{
    free(block(50));
}

static void close_stdout(void)
{
    if (fclose(stdout) != 0)
        _exit(1);
    if (strcmp(how, "raw") == 0 ? close(2) != 0 : fclose(stderr) != 0)
        _exit(2);
    free(block(60));
}

int main(int argc, char **argv)
{
    MUST(argc == 2);
    how = argv[1];
    free(block(20));
    if (strcmp(how, "late") == 0) {
        atexit(other_handler);
        atexit(other_handler);
        work(0.3);
    }
    if (strcmp(how, "early") != 0)
        atexit(close_stdout);
    fprintf(stderr, "said\n");
    if (strcmp(how, "early") == 0) {
        work(0.3);
        fclose(stderr);
        work(0.3);
    }
    printf("done\n");
    return 3;
}
