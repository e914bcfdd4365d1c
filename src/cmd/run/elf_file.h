/* What the head of an ELF file says of the process that it would become. Any of it may be a lie; nothing is read that
 * is not in the file. After elf(5). */
#ifndef TM_ELF_FILE_H
#define TM_ELF_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct elf {
    unsigned class; /* ELFCLASS32 or ELFCLASS64 */
    unsigned order; /* of bytes: ELFDATA2LSB or ELFDATA2MSB */
    unsigned machine;
    char loader[PATH_MAX]; /* the program that loads it and its libraries; empty: none, or of another class than ours */
};

/* false: the open file is no ELF file. Its position stays. */
bool elf_read(int file, struct elf *elf);

/* The first of the libraries that it asks for itself, of a program of our own class, that is wanted. false: there is
 * none. */
enum { ELF_NAME = 64 };
typedef bool elf_is_wanted(const char *name);
bool elf_needs(int file, elf_is_wanted *is_wanted, char name[ELF_NAME]);

#endif
