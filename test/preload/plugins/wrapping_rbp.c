#include "wrapping.c"
