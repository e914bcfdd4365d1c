/* Profiles as `export --format=pprof` makes them, read back. Each is looked at whole: its tables, its references, its
 * samples. */
#ifndef TM_CMD_PROFILE_H
#define TM_CMD_PROFILE_H

#include "harness.h"

#include "profile.pb-c.h"
#include "story.h"

enum { ALLOC_OBJECTS, ALLOC_SPACE, INUSE_OBJECTS, INUSE_SPACE, VALUES };

/* Of a process or a file; of a story. free_profile releases them. */
Pprof__Profile *profile_export(const char *which);
Pprof__Profile *profile_of_story(const struct story *story);
void profile_free(Pprof__Profile *profile);

unsigned char *unpack_gzip(const char *bytes, size_t length, size_t *unpacked);
const char *text_at(const Pprof__Profile *profile, int64_t at);

/* The sum of one of the values over all samples; all sums are those of the snapshot. */
uint64_t profile_sum(const Pprof__Profile *profile, size_t value);
void assert_totals(const Pprof__Profile *profile, const struct snapshot *snapshot);

/* The functions of a sample, the innermost first: "a<b<main", lines as "a:12". Good until the next call. */
const char *sample_calls(const Pprof__Profile *profile, const Pprof__Sample *sample, bool lines);
const Pprof__Sample *sample_of(const Pprof__Profile *profile, const char *wanted);
const Pprof__Label *label_of(const Pprof__Profile *profile, const Pprof__Sample *sample, const char *key);

#endif
