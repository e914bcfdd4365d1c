/* startup COUNT [NAME=VALUE...] -- PROGRAM...: for every byte on stdin, microseconds of wall time from spawn to exit of
 * a program, the lower quartile of COUNT runs: whatever disturbs only delays. The environment is the child's alone:
 * this process itself runs bare. */
#include "bench.h"

#include <spawn.h>
#include <sys/wait.h>

extern char **environ;

static double run_once(char **argv, char **environment)
{
    pid_t pid;
    int status;
    double start = bench_wall();
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environment) || waitpid(pid, &status, 0) != pid || status) {
        fprintf(stderr, "cannot run %s\n", argv[0]);
        exit(1);
    }
    return bench_wall() - start;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    int program = 2;
    while (program < argc && strcmp(argv[program], "--"))
        program++;
    long count = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
    if (count < 1 || program + 1 >= argc) {
        fprintf(stderr, "usage: %s COUNT [NAME=VALUE...] -- PROGRAM\n", argv[0]);
        return 2;
    }

    /* The child's environment: what is given, then ours. */
    size_t given = (size_t)program - 2, inherited = 0;
    while (environ[inherited])
        inherited++;
    char **environment = malloc((given + inherited + 1) * sizeof *environment);
    memcpy(environment, argv + 2, given * sizeof *environment);
    memcpy(environment + given, environ, (inherited + 1) * sizeof *environment);

    double *times = malloc((size_t)count * sizeof *times);
    char turn;
    while (read(STDIN_FILENO, &turn, 1) == 1) {
        for (long i = 0; i < count; i++)
            times[i] = run_once(argv + program + 1, environment);
        qsort(times, (size_t)count, sizeof *times, compare);
        printf("%.3f\n", times[count / 4] * 1e6);
        fflush(stdout);
    }
    return 0;
}
