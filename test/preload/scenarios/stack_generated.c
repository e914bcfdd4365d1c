/* Code that no object holds: thunks made at run time, which call back into the program; and code that is gone while
 * it still stands on the stack. */
#include "frames.h"

#include <setjmp.h>
#include <sys/mman.h>

typedef void callback(void);
typedef void thunk(callback *);

static jmp_buf back;
static unsigned char *code;
static unsigned char *page;

FRAME void called_back(void)
{
    keeps(10);
    STAY;
}

FRAME void code_is_gone(void)
{
    MUST(munmap(page, 4096) == 0);
    keeps(20);
    keeps(20);
    longjmp(back, 1);
}

FRAME void code_is_overwritten(void)
{
    memset(page, 0xCC, 4096);
    keeps(30);
    longjmp(back, 1);
}

FRAME void calls_thunk(thunk *run, callback *function)
{
    run(function);
    STAY;
}

static thunk *put(const char *bytes, size_t n)
{
    page = (unsigned char *)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    MUST(page != MAP_FAILED);
    code = page;
    memcpy(code, bytes, n);
    return (thunk *)(uintptr_t)code;
}

#define PUT(bytes) put(bytes, sizeof(bytes) - 1)

/* sub $8,%rsp; call *%rdi; add $8,%rsp; ret */
static const char plain[] = "\x48\x83\xec\x08\xff\xd7\x48\x83\xc4\x08\xc3";
/* push %rbp; mov %rsp,%rbp; call *%rdi; pop %rbp; ret */
static const char with_rbp[] = "\x55\x48\x89\xe5\xff\xd7\x5d\xc3";
/* push %rbp; mov $-8,%rbp; call *%rdi; pop %rbp; ret */
static const char wild_rbp[] = "\x55\x48\xc7\xc5\xf8\xff\xff\xff\xff\xd7\x5d\xc3";
/* push %rbp; mov $0x1000,%rbp; call *%rdi; pop %rbp; ret */
static const char low_rbp[] = "\x55\x48\xc7\xc5\x00\x10\x00\x00\xff\xd7\x5d\xc3";
/* push %rbp; lea 0x1003(%rsp),%rbp; call *%rdi; pop %rbp; ret */
static const char odd_rbp[] = "\x55\x48\x8d\xac\x24\x03\x10\x00\x00\xff\xd7\x5d\xc3";

int main(void)
{
    for (volatile unsigned i = 0; i < 10; i++) {
        calls_thunk(PUT(plain), called_back);
        calls_thunk(PUT(with_rbp), called_back);
        calls_thunk(PUT(wild_rbp), called_back);
        calls_thunk(PUT(low_rbp), called_back);
        calls_thunk(PUT(odd_rbp), called_back);
        if (setjmp(back) == 0)
            calls_thunk(PUT(plain), code_is_gone);
        if (setjmp(back) == 0)
            calls_thunk(PUT(with_rbp), code_is_overwritten);
    }
    keeps(10);
    return 0;
}
