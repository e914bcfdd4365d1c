/* What every room of the library uses: likely/unlikely, visibility, and the counters' one store. */
#ifndef TM_BASE_H
#define TM_BASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIKELY(condition)   __builtin_expect(!!(condition), 1)
#define UNLIKELY(condition) __builtin_expect(!!(condition), 0)
#define HOT                 static inline __attribute__((always_inline))
#define COLD                __attribute__((noinline, cold))
#define SHARED              extern __attribute__((visibility("hidden"))) /* -fvisibility leaves declarations out */
#define SPARSE              __attribute__((section(".bss.sparse"))) /* large tables, apart from what is in use always */
#define PUBLIC              __attribute__((visibility("default")))
#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

/* The program's own call: the site that an allocation is booked under. Only valid in an entry point itself. */
#define CALLER ((uintptr_t)__builtin_return_address(0))

enum { PAGE_BYTES = 4096, CACHE_LINE = 64 };

enum { BLOCK_HUGE_SIZE = 0x7fff0000 }; /* from here on a block's size does not fit its header's 32 bits */

/* A count of blocks and their bytes. */
struct amount {
    uint64_t blocks;
    uint64_t bytes;
};

/* Counters that only their owner writes and any thread may read.
 *
 * One instruction each on x86-64: a signal handler that allocates in between loses nothing, a reader sees whole
 * values, and no lock prefix is paid. (One vector add for blocks and bytes together was 0.7 ns a pair faster, and
 * lost what a handler counted at the same call site.) Elsewhere, and under ThreadSanitizer, relaxed loads and
 * stores. */
#if defined(__x86_64__) && !defined(__SANITIZE_THREAD__)
HOT void cell_add(uint64_t *cell, uint64_t amount)
{
    __asm__("addq %1, %0" : "+m"(*cell) : "er"(amount) : "cc");
}

/* The same; whether the value, read as signed, is now negative. */
HOT bool cell_sub_below_zero(uint64_t *cell, uint64_t amount)
{
    bool negative;
    __asm__("subq %2, %0" : "+m"(*cell), "=@ccs"(negative) : "er"(amount));
    return negative;
}

/* The same of a word that a signal handler of its owner changes as well. */
HOT void word_increment(uint32_t *word)
{
    __asm__("addl $1, %0" : "+m"(*word) : : "cc");
}

/* A word that another thread may change: read once. (GCC 12 spends an instruction more on __atomic_load_n.) */
HOT uint32_t word_read(const uint32_t *word)
{
    uint32_t value;
    __asm__("movl %1, %0" : "=r"(value) : "m"(*word));
    return value;
}

/* Keeps an address in a register instead of computing it for each use. */
#define HOLD(pointer) __asm__("" : "+r"(pointer))
#else
HOT void cell_add(uint64_t *cell, uint64_t amount)
{
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + amount, __ATOMIC_RELAXED);
}

HOT bool cell_sub_below_zero(uint64_t *cell, uint64_t amount)
{
    cell_add(cell, -amount);
    return (int64_t)__atomic_load_n(cell, __ATOMIC_RELAXED) < 0;
}

HOT void word_increment(uint32_t *word)
{
    __atomic_store_n(word, __atomic_load_n(word, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

HOT uint32_t word_read(const uint32_t *word)
{
    return __atomic_load_n(word, __ATOMIC_RELAXED);
}

#define HOLD(pointer) ((void)0)
#endif

HOT void cell_sub(uint64_t *cell, uint64_t amount)
{
    cell_add(cell, -amount);
}

/* A sum that was read while its parts moved may be short of nothing by a few: it is shown as nothing. */
HOT uint64_t not_negative(uint64_t sum)
{
    return (int64_t)sum < 0 ? 0 : sum;
}

HOT void amount_add(struct amount *to, uint64_t bytes)
{
    cell_add(&to->blocks, 1);
    cell_add(&to->bytes, bytes);
}

/* Another thread's cell, or one's own: pairs with cell_add, needs no order. */
HOT uint64_t cell_read(const uint64_t *cell)
{
    return __atomic_load_n(cell, __ATOMIC_RELAXED);
}

HOT void cell_write(uint64_t *cell, uint64_t value)
{
    __atomic_store_n(cell, value, __ATOMIC_RELAXED);
}

/* floor(log2(value)); value must not be 0. */
HOT unsigned log2_floor(uint64_t value)
{
    return 63u - (unsigned)__builtin_clzll(value);
}

#endif
