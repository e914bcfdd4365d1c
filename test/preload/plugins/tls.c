/* Thread-local storage of a library opened late: glibc allocates it at each thread's first touch. */
static __thread char big[50000];
static __thread int small = 7;

int tls_touch(int value)
{
    int before = small;
    for (unsigned i = 1000; i < sizeof(big); i += 1000)
        if (big[i] != 0)
            return -1;
    big[0] = big[sizeof(big) - 1] = 1;
    small = value;
    return before;
}
