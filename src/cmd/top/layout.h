/* Which columns of a view fit on a line, and where. Pure. */
#ifndef TM_LAYOUT_H
#define TM_LAYOUT_H

#include "view.h"

struct layout {
    int name; /* columns of the row's name, which begins the line */
    int columns;
    struct {
        enum field field;
        int at;
        int width;
    } column[VIEW_COLUMNS];
};

/* In a line of `width`, for names of up to `longest` columns. The column that the rows are sorted by is always shown if
 * it fits; `since`: whether there is a baseline. */
struct layout layout_of(const struct view *view, int width, int longest, enum field by, bool since);

#endif
