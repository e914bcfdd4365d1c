#include "kernel_text.h"

#include <fcntl.h>

#include "sys.h"

size_t kernel_text_read(const char *path, char *text, size_t capacity)
{
    long file = sys4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    size_t length = 0;
    text[0] = '\0';
    if (file < 0)
        return 0;
    while (length < capacity - 1) {
        long part = sys3(SYS_read, file, text + length, capacity - 1 - length);
        if (part <= 0)
            break;
        length += (size_t)part;
    }
    sys1(SYS_close, file);
    text[length] = '\0';
    return length;
}

uint64_t kernel_text_number(const char *text)
{
    uint64_t number = 0;
    while (*text == ' ' || *text == '\t')
        text++;
    for (; *text >= '0' && *text <= '9'; text++)
        number = number * 10 + (uint64_t)(*text - '0');
    return number;
}
