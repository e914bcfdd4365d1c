/* Four threads that replace blocks of all sizes without end: each keeps one of each size, so that no sum of many
 * threads' counters is ever near zero. Each line on stdin makes them rest, or go on; resting, it says what is held
 * here: BLOCKS BYTES. At the end of stdin they rest and it exits, with all that is held. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "say.h"

enum { THREADS = 4, BLOCKS = 512, SIZES = 14 };

static struct {
    void *block[BLOCKS];
    unsigned long bytes[BLOCKS];
    void *kept[SIZES][8];
} held[THREADS];

static atomic_int at_rest, goes_on = 1;

static void *churn(void *number)
{
    unsigned me = (unsigned)(size_t)number, seed = me + 1;
    for (unsigned i = 0; i < SIZES; i++)
        for (unsigned n = 0; n < 8; n++)
            held[me].kept[i][n] = malloc(2ul << i);
    for (;;) {
        if (!goes_on) {
            at_rest++;
            while (!goes_on)
                usleep(1000);
            at_rest--;
        }
        for (unsigned i = 0; i < 1000; i++) {
            seed = seed * 1103515245 + 12345;
            unsigned place = seed >> 16 & (BLOCKS - 1);
            free(held[me].block[place]);
            held[me].bytes[place] = seed >> 8 & 0x1fff;
            held[me].block[place] = malloc(held[me].bytes[place]);
        }
    }
    return NULL;
}

static void say_what_is_held(void)
{
    unsigned long blocks = THREADS * SIZES * 8, bytes = THREADS * 8 * ((2ul << SIZES) - 2);
    for (unsigned me = 0; me < THREADS; me++)
        for (unsigned i = 0; i < BLOCKS; i++) {
            blocks += held[me].block[i] != NULL;
            bytes += held[me].block[i] != NULL ? held[me].bytes[i] : 0;
        }
    say("%lu %lu\n", blocks, bytes);
}

int main(void)
{
    pthread_t thread;
    char byte;
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&thread, NULL, churn, (void *)i);
    while (read(0, &byte, 1) == 1) {
        if (byte != '\n')
            continue;
        goes_on = !goes_on;
        while (at_rest != (goes_on ? 0 : THREADS))
            usleep(1000);
        if (!goes_on)
            say_what_is_held();
    }
    _exit(0);
}
