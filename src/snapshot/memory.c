/* The process's memory as the kernel sees it, and what of the resident is for what. */
#include <stdbool.h>

#include "sections.h"

enum { HEADER_BYTES = 16 /* before each block (lib/block.h) */ };

static void write_size(struct writer *out, uint64_t bytes, const char *of_what)
{
    format_size(out, bytes);
    writer_text(out, of_what);
}

static void write_kernels(struct writer *out, const struct snapshot_memory *memory)
{
    write_size(out, memory->virtual_size, " Virtual size (");
    write_size(out, memory->data, " private and writable)\n");
    write_size(out, memory->resident, " Resident: ");
    write_size(out, memory->anonymous, " anonymous, ");
    write_size(out, memory->file, " of files, ");
    write_size(out, memory->shared, " shared\n");
    write_size(out, memory->resident_peak, " Peak resident\n");
    write_size(out, memory->swapped, " Swapped out\n");
    format_number(out, memory->minor_faults);
    writer_text(out, " Page faults without reading, ");
    format_number(out, memory->major_faults);
    writer_text(out, " with\n");
    format_number(out, memory->threads);
    writer_text(out, memory->threads == 1 ? " Thread\n" : " Threads\n");
}

/* In tenths of a per cent, for any two numbers. */
static uint64_t share(uint64_t part, uint64_t whole)
{
    for (; part > UINT64_MAX / 1000; part /= 2)
        whole /= 2;
    return whole != 0 ? (part * 1000 + whole / 2) / whole : 0;
}

static void write_part(struct writer *out, uint64_t part, uint64_t resident, const char *of_what)
{
    format_size(out, part);
    writer_text(out, " (");
    format_decimal(out, share(part, resident), 1);
    writer_text(out, " %) ");
    writer_text(out, of_what);
    writer_text(out, "\n");
}

/* resident = asked for + headers + own + the rest, where the rest may be on the other side: what the program asked for
 * and never touched, or what was swapped out, is not resident. */
static void write_gap(struct writer *out, const struct snapshot *snapshot)
{
    const uint64_t resident = snapshot->memory.resident;
    const uint64_t headers = HEADER_BYTES * snapshot->total.live.blocks;
    const uint64_t known = snapshot->total.live.bytes + headers + snapshot->own_resident_bytes;
    writer_text(out, "Of the resident ");
    format_size(out, resident);
    writer_text(out, ":\n");
    write_part(out, snapshot->total.live.bytes, resident, "Current total allocated size");
    write_part(out, headers, resident, "Headers of these blocks");
    write_part(out, snapshot->own_resident_bytes, resident, "Bookkeeping memory, at most");
    if (known <= resident)
        write_part(out, resident - known, resident,
                   "The rest: rounding and free lists of the allocator, code, stacks, mappings");
    else
        write_part(out, known - resident, resident, "Less what is not resident: never touched, or swapped out");
}

void section_memory(struct writer *out, const struct snapshot *snapshot, unsigned top)
{
    (void)top;
    if (snapshot->memory.known == 0)
        return;
    writer_text(out, "\nProcess memory:\n");
    write_kernels(out, &snapshot->memory);
    write_gap(out, snapshot);
}
