/* More libraries than the library has numbers for: 1,100 copies of one, each of which allocates. Every block has the
 * tag of its own library, also where another one comes to the place of one that has gone.
 *
 *   many_objects LIBRARY DIRECTORY */
#include "api.h"

#include <dlfcn.h>

enum { LIBRARIES = 1100, ROUNDS = 20 };

typedef void *maker(size_t size);

static char *library;
static size_t bytes;

static const char *name_of(unsigned number)
{
    static char name[32];
    snprintf(name, sizeof name, "copy%u.so", number);
    return name;
}

static void *open_copy(const char *directory, unsigned number, maker **make)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", directory, name_of(number));
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    MUST(file >= 0 && write(file, library, bytes) == (ssize_t)bytes && close(file) == 0);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    MUST(handle != NULL && unlink(path) == 0);
    *make = (maker *)dlsym(handle, "twin_a_make");
    MUST(*make != NULL);
    return handle;
}

static void allocate(maker *make, unsigned number)
{
    for (unsigned i = 0; i < 3; i++) {
        void *block = make(64);
        MUST(block != NULL);
        if (present && strcmp(tm_tag_name(block_info(block).tag), name_of(number)) != 0) {
            printf("%s is tagged %s\n", name_of(number), tm_tag_name(block_info(block).tag));
            exit(1);
        }
    }
}

int main(int argc, char **argv)
{
    struct stat status;
    maker *make;
    void *last = NULL;
    unsigned same_place = 0;
    MUST(argc == 3 && stat(argv[1], &status) == 0);
    present = tm_tag_count() != 0;
    bytes = (size_t)status.st_size;
    library = malloc(bytes);
    int file = open(argv[1], O_RDONLY);
    MUST(file >= 0 && read(file, library, bytes) == (ssize_t)bytes);
    for (unsigned i = 0; i < LIBRARIES; i++) {
        last = open_copy(argv[2], i, &make);
        allocate(make, i);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        maker *before = make;
        MUST(dlclose(last) == 0);
        last = open_copy(argv[2], LIBRARIES + i, &make);
        same_place += make == before;
        allocate(make, LIBRARIES + i);
    }
    puts(same_place > 0 ? "fine" : "never at the same place"); /* others may map memory there meanwhile */
    return 0;
}
