/* A library that calls back. Built twice: the code is of one length, the frame is not. */
void plugin_call(void (*next)(void *), void *argument);

void plugin_call(void (*next)(void *), void *argument)
{
    char space[PLUGIN_FRAME];
    __asm__ volatile("" : : "r"(space) : "memory");
    next(argument);
    __asm__ volatile("" : : "r"(space) : "memory");
}
