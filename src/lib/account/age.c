#include "age.h"

/* The first birth of a cell, read at `now`: the latest multiple of the cell's width with this slot. */
static uint32_t cell_birth(unsigned level, unsigned slot, uint32_t now)
{
    uint32_t unit = now >> level;
    uint32_t back = (unit - slot) % AGE_CELLS;
    return back <= unit ? (unit - back) << level : 0;
}

/* Whether a block can be old enough to be there. The pages of a level that is not in use stay untouched. */
static bool level_in_use(unsigned level, uint32_t now)
{
    return level == 0 || now >> level >= AGE_CELLS / 2 - 1;
}

void age_advance(struct age_wheel *wheel, uint32_t from, uint32_t to)
{
    /* From the top: a cell sinks into a slot that has been emptied already. */
    for (unsigned level = AGE_LEVELS; level-- > 0;) {
        if (from >> level == to >> level || !level_in_use(level, from))
            continue; /* no cell of this level crosses its edge */
        for (unsigned slot = 0; slot < AGE_CELLS; slot++) {
            struct amount *cell = &wheel->cell[level][slot];
            if (cell->blocks == 0 && cell->bytes == 0)
                continue;
            struct amount *sunk = age_cell(wheel, cell_birth(level, slot, from), to);
            if (sunk == cell)
                continue;
            cell_add(&sunk->blocks, cell->blocks);
            cell_add(&sunk->bytes, cell->bytes);
            cell_write(&cell->blocks, 0);
            cell_write(&cell->bytes, 0);
        }
    }
}

/* The age of what is in a cell at `now`, read from its middle. */
static uint32_t cell_age(unsigned level, uint32_t birth, uint32_t now)
{
    uint32_t middle = birth + (((1u << level) - 1) >> 1);
    return now > middle ? now - middle : 0;
}

unsigned age_row_shown(uint32_t birth, uint32_t now)
{
    unsigned level = age_place(birth, now).level;
    return age_row(cell_age(level, birth >> level << level, now));
}

struct amount age_sum(const struct age_wheel *wheel, uint32_t from, uint32_t now, struct amount rows[AGE_ROWS])
{
    struct amount sum = {0, 0};
    for (unsigned level = 0; level < AGE_LEVELS; level++) {
        if (!level_in_use(level, from))
            break;
        for (unsigned slot = 0; slot < AGE_CELLS; slot++) {
            uint64_t blocks = cell_read(&wheel->cell[level][slot].blocks);
            uint64_t bytes = cell_read(&wheel->cell[level][slot].bytes);
            if (blocks == 0 && bytes == 0)
                continue;
            struct amount *row = &rows[age_row_shown(cell_birth(level, slot, from), now)];
            row->blocks += blocks;
            row->bytes += bytes;
            sum.blocks += blocks;
            sum.bytes += bytes;
        }
    }
    return sum;
}

static uint64_t take_negative(uint64_t *word)
{
    uint64_t missing = not_negative(-*word);
    *word += missing;
    return -missing;
}

static void carry(struct amount *from, struct amount *to)
{
    to->blocks += take_negative(&from->blocks);
    to->bytes += take_negative(&from->bytes);
}

void age_balance(struct amount rows[AGE_ROWS])
{
    for (unsigned row = AGE_ROWS - 1; row > 0; row--)
        carry(&rows[row], &rows[row - 1]);
    for (unsigned row = 0; row < AGE_ROWS - 1; row++)
        carry(&rows[row], &rows[row + 1]);
    struct amount none = {0, 0};
    carry(&rows[AGE_ROWS - 1], &none); /* a sum below zero */
}
