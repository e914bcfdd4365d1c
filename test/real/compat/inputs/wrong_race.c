#include <pthread.h>
static int counted;
static void *count(void *unused)
{
    for (int i = 0; i < 1000; i++)
        counted++;
    return unused;
}
int main(void)
{
    pthread_t one, two;
    pthread_create(&one, NULL, count, NULL);
    pthread_create(&two, NULL, count, NULL);
    pthread_join(one, NULL);
    pthread_join(two, NULL);
    return 0;
}
