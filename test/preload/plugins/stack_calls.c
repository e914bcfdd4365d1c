/* Calls back. */
__attribute__((visibility("default"))) void plugin_calls(void (*callback)(void))
{
    callback();
    __asm__ volatile("");
}
