/* The header alone, as strict C11 and with warnings that few programs ask for (preload.mk). */
#include "../../../include/trackmalloc.h"

#include <stdio.h>

/* Two blocks of 8 and 92 bytes stay. */
static int fine(tm_tag tag)
{
    tm_scope(tag);
    char *kept = tm_strdup(TM_UNTAGGED, "1234567");
    void *block = tm_realloc(tag, tm_calloc(tag, 1, 1), 92);
    struct tm_block_info info = {.struct_size = sizeof info};
    int asked = tm_ask(block, &info);
    return kept != NULL && block != NULL && (asked == TM_ABSENT || info.size == 92);
}

int main(void)
{
    puts(fine(tm_tag_register("strict", NULL)) ? "fine" : "wrong");
    return 0;
}
