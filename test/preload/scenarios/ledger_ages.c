/* Ends with 103 blocks that are 11.5 s old, 30 of 3 s and 7 of 0.2 s; others came and went. It sleeps in between, so
 * that nobody but a reporter meets the ticks. */
#include "../plugins/ledger.h"
#include "blocks.h"

#include <pthread.h>

static struct ledger_list *old, *elder, *middle, *young;

/* Threads that have ended when their blocks are freed, and one that frees what it never made. */
static void *add_elder(void *unused)
{
    ledger_add(elder, 60, 200);
    return unused;
}

static void *drop_some(void *unused)
{
    ledger_drop(old, 10);
    ledger_drop(elder, 7);
    ledger_drop(middle, 5);
    return unused;
}

static void in_thread(void *(*what)(void *))
{
    pthread_t thread;
    MUST(pthread_create(&thread, NULL, what, NULL) == 0);
    pthread_join(thread, NULL);
}

int main(void)
{
    free(block(100));
    old = ledger_list();
    elder = ledger_list();
    middle = ledger_list();
    young = ledger_list();
    ledger_add(old, 60, 100);
    in_thread(add_elder);
    nap(8500);
    ledger_add(middle, 35, 1000);
    ledger_resize(old, 5000); /* keeps its age */
    nap(2800);
    in_thread(drop_some);
    ledger_add(young, 20, 10);
    ledger_resize(elder, 300);
    ledger_drop(young, 13);
    nap(200);
    puts("now");
    return 0;
}
