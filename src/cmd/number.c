#include "number.h"

#include <stddef.h>
#include <string.h>

bool number_is_digits(const char *text)
{
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool number_read(const char *text, uint64_t most, uint64_t *number)
{
    *number = 0;
    if (!number_is_digits(text))
        return false;
    for (; *text != '\0'; text++) {
        uint64_t digit = (uint64_t)(*text - '0');
        if (*number > (most - digit) / 10 || digit > most)
            return false;
        *number = *number * 10 + digit;
    }
    return true;
}

uint32_t number_read_pid(const char *text)
{
    uint64_t pid;
    return number_read(text, INT32_MAX, &pid) ? (uint32_t)pid : 0;
}
