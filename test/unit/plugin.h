/* Two builds of one library, to be loaded and unloaded. */
#ifndef TM_TEST_PLUGIN_H
#define TM_TEST_PLUGIN_H

#include <dlfcn.h>

#define PLUGIN_A PLUGIN_DIR "/plugin_a.so"
#define PLUGIN_B PLUGIN_DIR "/plugin_b.so"

static inline uintptr_t address_of(void *handle, const char *symbol)
{
    void *address = dlsym(handle, symbol);
    if (address == NULL)
        fail_msg("%s", dlerror());
    return (uintptr_t)address;
}

static inline void *load(const char *path)
{
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (handle == NULL)
        fail_msg("%s", dlerror());
    return handle;
}

static inline void unload(void *handle)
{
    assert_int_equal(dlclose(handle), 0);
}

#endif
