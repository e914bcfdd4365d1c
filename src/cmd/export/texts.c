#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "cmd/command.h"

enum { PLACES_LEAST = 64 };

/* FNV-1a, by Fowler, Noll and Vo. */
static uint32_t hash(const char *text)
{
    uint32_t hash = 2166136261;
    for (; *text != '\0'; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619;
    return hash;
}

/* Where its number stands, or would. */
static uint32_t *place_of(const struct texts *texts, const char *text)
{
    uint32_t at = hash(text) & (texts->places - 1);
    while (texts->place[at] != 0 && strcmp(texts->text[texts->place[at] - 1], text) != 0)
        at = (at + 1) & (texts->places - 1);
    return &texts->place[at];
}

/* At most half of the places are taken. */
static void make_room(struct texts *texts)
{
    if (texts->count < texts->room)
        return;
    texts->places = texts->places != 0 ? 2 * texts->places : PLACES_LEAST;
    texts->room = texts->places / 2;
    texts->text = must_resize(texts->text, texts->room * sizeof *texts->text);
    free(texts->place);
    texts->place = must_allocate(texts->places * sizeof *texts->place);
    for (uint32_t i = 0; i < texts->count; i++)
        *place_of(texts, texts->text[i]) = i + 1;
}

uint32_t texts_number(struct texts *texts, const char *text)
{
    make_room(texts);
    uint32_t *place = place_of(texts, text);
    if (*place == 0) {
        texts->text[texts->count++] = xasprintf("%s", text);
        *place = texts->count;
    }
    return *place - 1;
}

const char *texts_keep(struct texts *texts, const char *text)
{
    uint32_t number = texts_number(texts, text); /* which may move the list */
    return texts->text[number];
}

void texts_free(struct texts *texts)
{
    for (uint32_t i = 0; i < texts->count; i++)
        free(texts->text[i]);
    free(texts->text);
    free(texts->place);
    *texts = (struct texts){0};
}
