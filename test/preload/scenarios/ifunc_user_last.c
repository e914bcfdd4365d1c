/* ifunc_user, linked with ifunc_allocates.so after all its other libraries. */
#include "ifunc_user.c"
