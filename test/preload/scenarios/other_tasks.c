/* Prints the tasks of this process that are not its own: name and blocked signals, each kind once (the reporter may
 * have sent another like itself for a moment). None, when bare. */
#include "scene.h"

#include <dirent.h>

int main(void)
{
    work(0.4);
    DIR *directory = opendir("/proc/self/task");
    MUST(directory != NULL);
    char said[200] = "";
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[300], name[64], text[4096], line[200];
        if (entry->d_name[0] == '.' || atoi(entry->d_name) == getpid())
            continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        name[slurp(path, name, sizeof name) - 1] = 0;
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        slurp(path, text, sizeof text);
        snprintf(line, sizeof line, "%s %.16s\n", name, strstr(text, "SigBlk:\t") + strlen("SigBlk:\t"));
        if (strcmp(line, said) != 0)
            fputs(strcpy(said, line), stdout);
    }
    closedir(directory);
    return 0;
}
