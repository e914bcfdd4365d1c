/* As api_no_pie.c. */
#include "api_threads.c"
