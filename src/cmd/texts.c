#include "texts.h"

#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "hash.h"

enum { PLACES_LEAST = 64 };

/* The place of its number, or the empty one where it belongs. */
static uint32_t *place_of(const struct texts *texts, const char *text)
{
    uint32_t at = (uint32_t)hash_bytes(HASH_START, text, strlen(text)) & (texts->places - 1);
    while (texts->place[at] != 0 && strcmp(texts->text[texts->place[at] - 1], text) != 0)
        at = (at + 1) & (texts->places - 1);
    return &texts->place[at];
}

/* At most half of the places are in use. */
static void grow(struct texts *texts)
{
    if (texts->count < texts->capacity)
        return;
    texts->places = texts->places != 0 ? 2 * texts->places : PLACES_LEAST;
    texts->capacity = texts->places / 2;
    texts->text = must_resize(texts->text, texts->capacity * sizeof *texts->text);
    free(texts->place);
    texts->place = must_allocate(texts->places * sizeof *texts->place);
    for (uint32_t i = 0; i < texts->count; i++)
        *place_of(texts, texts->text[i]) = i + 1;
}

uint32_t texts_number(struct texts *texts, const char *text)
{
    grow(texts);
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
