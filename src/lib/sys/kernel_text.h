/* Text files of the kernel's, as /proc has them. */
#ifndef TM_KERNEL_TEXT_H
#define TM_KERNEL_TEXT_H

#include "base.h"

/* The file's beginning with a closing zero; its length, 0 where it cannot be read. By openat, read and close; takes a
 * descriptor for a moment (apart.h). */
size_t kernel_text_read(const char *path, char *text, size_t capacity);

/* The decimal number behind blanks and tabs; 0: there is none. */
uint64_t kernel_text_number(const char *text);

#endif
