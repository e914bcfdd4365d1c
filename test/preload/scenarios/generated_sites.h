/* Call sites without number: generated code, of which each piece calls malloc. */
#ifndef TM_TEST_GENERATED_SITES_H
#define TM_TEST_GENERATED_SITES_H

#include "scene.h"

#include <sys/mman.h>

enum { SITE_BYTES = 32 };

static inline unsigned char *sites_map(size_t sites)
{
    void *code = mmap(NULL, sites * SITE_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(code != MAP_FAILED);
    return code;
}

/* Writes the code of one site, sub $8,%rsp; mov $malloc,%rax; call *%rax; add $8,%rsp; ret; and calls it. */
static inline void *site_malloc(unsigned char *sites, size_t i, size_t size)
{
    static const unsigned char head[] = {0x48, 0x83, 0xec, 0x08, 0x48, 0xb8},
                               tail[] = {0xff, 0xd0, 0x48, 0x83, 0xc4, 0x08, 0xc3};
    unsigned char *at = sites + i * SITE_BYTES;
    void *(*target)(size_t) = malloc;
    void *(*site)(size_t);
    memcpy(at, head, sizeof head);
    memcpy(at + sizeof head, &target, sizeof target);
    memcpy(at + sizeof head + sizeof target, tail, sizeof tail);
    *(void **)&site = at;
    return site(size);
}

#endif
