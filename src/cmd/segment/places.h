/* The directories in which the library may have put a segment: its own rule (lib: segments.h), for whoever it is. */
#ifndef TM_PLACES_H
#define TM_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct place {
    char *path;
    char *key;      /* of two that are the same place by another name: the same */
    uint32_t uid;   /* the directory, and what is in it, must be this user's, or root's */
    bool anybodys;  /* or whoever's: then what is in it must be the directory's owner's */
    bool asked_for; /* what is wrong with it is told */
    bool foreign;   /* the path goes through another process's root */
};

struct places {
    struct place *row;
    size_t rows;
};

/* Each adds those that are not there yet, whether or not there is such a directory. */

/* One that was named. Root believes whoever's it is. */
void places_add(struct places *places, const char *directory);

/* Of this user: by our own environment, and the usual ones. */
void places_of_user(struct places *places);

/* Of one process: by its environment, in its view of the files (a container's), and the usual ones there. */
void places_of_process(struct places *places, uint32_t pid);

/* Of all processes of this user; with `everybody`, of all, and what the dead of all users may have left. */
void places_of_processes(struct places *places, bool everybody);

void places_free(struct places *places);

/* As a line: "A, B"; the caller frees it. */
char *places_text(const struct places *places);

/* Opens it as a directory that nobody but those may write to; *owner: whose it is. -1: it is not there, or not to be
 * believed (and a line has said so, where it was asked for). */
int place_open(const struct place *place, uint32_t *owner);

#endif
