/* What `export` makes of a made-up snapshot, and looks into it. */
#ifndef TM_CMD_EXPORTED_H
#define TM_CMD_EXPORTED_H

#include "harness.h"

#include <jansson.h>

#include "story.h"

/* The next format whose output is text; the first of all after NULL. NULL: there is no more. */
const char *next_text_format(const char *name);

/* The story as a segment file, "story" in the scratch directory; takes it over. */
const char *story_file(struct story *story);

/* It ended well, and had nothing to say. */
void assert_fine(const struct outcome *outcome);

/* What `export --format FORMAT PATH` prints; the caller frees it. */
char *exported(const char *format, const char *path);
json_t *exported_json(const char *path);

/* Those who read that form take the text: accepts.py. */
void assert_accepted(const char *form, const char *text);

/* The value at "tags/0/name". */
json_t *json_at(json_t *json, const char *path);
void assert_number(json_t *json, const char *path, long long value);
void assert_text(json_t *json, const char *path, const char *value);
void assert_unknown(json_t *json, const char *path);

#endif
