/* static_cxx without a name in its file. */
#include "static_cxx.cc"
