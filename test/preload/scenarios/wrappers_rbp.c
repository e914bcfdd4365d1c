#include "wrappers.c"
