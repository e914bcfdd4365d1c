#define NAME twin_b
#include "twin_a.c"
