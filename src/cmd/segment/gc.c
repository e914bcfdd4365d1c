#include "gc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/diagnostics.h"
#include "snapshot/format.h"
#include "snapshot/segment.h"

/* Or nothing yet: its process was killed as it began. */
static bool is_head_of(const struct segment *head, const struct found *found)
{
    static const struct segment nothing;
    return memcmp(head, &nothing, sizeof nothing) == 0 ||
           (memcmp(head->magic, SEGMENT_MAGIC, sizeof head->magic) == 0 && head->pid == found->own_pid &&
            head->started_ticks == found->started_ticks);
}

/* Whether it is the segment that its name promises; then its bytes, on the disk or in memory. */
static bool is_segment_of(const struct found *found, uint64_t *bytes)
{
    struct stat status;
    struct segment head = {.version = 0};
    int file = open(found->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (file < 0)
        return false;
    bool its_own = fstat(file, &status) == 0 && S_ISREG(status.st_mode) && pread(file, &head, sizeof head, 0) >= 0 &&
                   is_head_of(&head, found);
    close(file);
    *bytes = its_own ? (uint64_t)status.st_blocks * 512 : 0;
    return its_own;
}

/* Asked last, and anew: with its start known, who is dead remains so. */
static bool is_dead(const struct found *found)
{
    return find_state(found) == PROCESS_DEAD;
}

static void print_removed(uint64_t segments, uint64_t bytes)
{
    char text[2 * FORMAT_FIELD + 64];
    struct writer out = {text, sizeof text, 0};
    format_number(&out, segments);
    writer_text(&out, segments == 1 ? " segment removed, " : " segments removed, ");
    format_size(&out, bytes);
    printf("%.*s freed\n", (int)out.length, text);
}

int gc_run(const struct found_list *list)
{
    uint64_t segments = 0;
    uint64_t sum = 0;
    int status = STATUS_OK;
    for (size_t i = 0; i < list->rows; i++) {
        const struct found *found = &list->row[i];
        uint64_t bytes;
        if (!is_segment_of(found, &bytes) || !is_dead(found))
            continue;
        if (unlink(found->path) == 0) {
            segments++;
            sum += bytes;
        } else if (errno != ENOENT) { /* another was faster */
            status = report_error("cannot remove %s: %s", found->path, strerror(errno));
        }
    }
    print_removed(segments, sum);
    return status;
}
