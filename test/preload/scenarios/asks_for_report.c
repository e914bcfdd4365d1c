/* Asks for a report through the header alone: linked with nothing, bare it is told that there is none. */
#include "../../../include/trackmalloc.h"

#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    void *volatile kept = malloc(1000);
    int result = tm_report_now(2);
    int refused = tm_report_now(-1);
    fprintf(stderr, "result=%d refused=%d\n", result, refused);
    free(kept);
    return 0;
}
