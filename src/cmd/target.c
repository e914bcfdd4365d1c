#include "target.h"

#include <stdio.h>
#include <stdlib.h>

#include "arguments.h"
#include "cmd/segment/find.h"
#include "cmd/segment/load.h"
#include "diagnostics.h"
#include "process_tree.h"

static void report_none(const char *directory)
{
    char *places = find_looked(directory, 0);
    report_error("no PID given, and no tracked process is running (looked in %s)", places);
    free(places);
}

/* By what ps shows them with: of several of the same program, the arguments may tell which is which. */
static void report_several(const struct found_list *running)
{
    struct process_tree tree = process_tree_load(running);
    report_error("no PID given, and %zu tracked processes are running:", running->rows);
    for (size_t i = 0; i < tree.processes; i++)
        fprintf(stderr, "%7u  %s\n", tree.process[i].found.pid, tree.process[i].command);
    process_tree_free(&tree);
}

bool target_find_only(const char *directory, struct found *found)
{
    struct found_list running = find_all(directory);
    found_keep(&running, found_is_running);
    bool only = running.rows == 1;
    if (only)
        *found = running.row[0];
    else if (running.rows == 0)
        report_none(directory);
    else
        report_several(&running);
    found_free(&running);
    return only;
}

bool target_load(const struct arguments_source *source, struct loaded *loaded)
{
    struct found found;
    const char *why;
    if (source->which != NULL)
        return load(source->directory, source->which, loaded);
    if (!target_find_only(source->directory, &found))
        return false;
    if (load_found(&found, loaded, &why))
        return true;
    report_error("cannot open the snapshot of process %u: %s", found.pid, why);
    return false;
}
