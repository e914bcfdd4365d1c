/* The public API (include/trackmalloc.h): the table that programs call through. */
#include "api.h"

#include <string.h>

#include "lib/config/log.h"
#include "lib/config/state.h"
#include "lib/lifecycle/lifecycle.h"

static const struct tm_functions table = {
    .size = sizeof table,
    .tag_register = tm_tag_register,
    .tag_count = tm_tag_count,
    .tag_name = tm_tag_name,
    .push = tm_push,
    .pop = tm_pop,
    .depth = tm_depth,
    .restore = tm_restore,
    .enter = tm_enter,
    .current = tm_current,
    .malloc_ = tm_malloc,
    .calloc_ = tm_calloc,
    .aligned_alloc_ = tm_aligned_alloc,
    .strdup_ = tm_strdup,
    .realloc_ = tm_realloc,
    .retag = tm_retag,
    .ask = tm_ask,
    .site_name = tm_site_name,
    .tag_stats = tm_tag_stats,
    .thread_stats = tm_thread_stats,
    .process_stats = tm_process_stats,
    .report = tm_report,
    .report_buffer = tm_report_buffer,
    .pause = tm_pause,
    .resume = tm_resume,
    .baseline = tm_baseline,
    .alarm_set = tm_alarm_set,
    .alarm_cancel = tm_alarm_cancel,
    .features = tm_features,
};

/* While the library comes up it is not known yet whether it tracks: the functions ask again. */
PUBLIC const struct tm_functions *tm_functions(void)
{
    return lifecycle_up() && !state_tracks() ? NULL : &table;
}

bool api_tracks(void)
{
    if (!lifecycle_up() || !state_tracks())
        return false;
    lifecycle_init_child();
    return true;
}

int api_misuse(enum api_misuse kind, int error)
{
    static const char *const texts[MISUSES] = {
        [MISUSE_NAME] =
            "tm_tag_register: a name that is not 1 to 63 bytes of printable UTF-8, or is one of the library's",
        [MISUSE_TAG] = "a tag that was never registered: counted as if none had been asked for",
        [MISUSE_TAGS_FULL] = "tm_tag_register: there are 4,096 tags already",
        [MISUSE_DEPTH] = "tm_push: scopes deeper than 64 keep the tag of the 64th",
        [MISUSE_POP] = "tm_pop: the thread is in no scope",
        [MISUSE_RESTORE] = "tm_restore: the thread is not in as many scopes",
        [MISUSE_NULL] = "NULL where something must stand",
        [MISUSE_FOREIGN] = "tm_retag: no live block of ours",
        [MISUSE_STRUCT] = "a struct whose struct_size is not set to its sizeof",
        [MISUSE_FLAGS] = "flags that are not known",
        [MISUSE_RESUME] = "tm_resume: counting is not paused",
        [MISUSE_DESCRIPTOR] = "tm_report: a descriptor below 0",
        [MISUSE_ALARM] = "tm_alarm_set: an alarm that could never ring, or never end",
    };
    static uint32_t logged;
    uint32_t bit = 1u << kind;
    if (__atomic_fetch_or(&logged, bit, __ATOMIC_RELAXED) & bit)
        return error;
    struct log_line line;
    log_begin(&line);
    log_text(&line, "misuse: ");
    log_text(&line, texts[kind]);
    log_text(&line, " (told once)");
    log_say(&line);
    return error;
}

int api_give(void *to, const void *from)
{
    enum { LEAST = sizeof(size_t), MOST = 64 * 1024 };
    if (to == NULL)
        return api_misuse(MISUSE_NULL, TM_INVALID);
    size_t space, known;
    memcpy(&space, to, sizeof space);
    memcpy(&known, from, sizeof known);
    if (space < LEAST || space > MOST)
        return api_misuse(MISUSE_STRUCT, TM_INVALID);
    size_t filled = space < known ? space : known;
    memcpy(to, from, filled);
    memset((char *)to + filled, 0, space - filled);
    memcpy(to, &filled, sizeof filled);
    return TM_OK;
}
