# The runner of `make real` itself: it must see what a library does to a program.
. "$PROJECT/assert.sh"

run() {
    /usr/bin/python3 -B "$TOP/test/real/compat" --only '^bash$' "$@" > said 2>&1
    status=$?
}
library() {
    printf '%s\n' "$2" | ${CC:-gcc} -shared -fPIC -D_GNU_SOURCE -x c - -o "$1"
}
says() { grep -qF -e "$1" said; }

run --library "$BUILD/libtrackmalloc.so"
assert "bash does the same with our library: $(cat said)" [ "$status" = 0 ]
assert "that is told" says '1 the same, 0 failed'

library mute.so 'int nothing;'
run --library ./mute.so
assert "a library that tells nothing fails" [ "$status" = 1 ]
assert "and is told of" says 'no exit report of bash; there are none'

library loud.so '#include <unistd.h>
__attribute__((constructor)) static void speak(void) { if (write(2, "hello\n", 6) != 6) _exit(1); }'
run --library ./loud.so --mode file
assert "one that writes to stderr fails" [ "$status" = 1 ]
assert "and the difference is shown" says 'file: +hello'

library deadly.so '#include <unistd.h>
__attribute__((destructor)) static void die(void) { _exit(77); }'
run --library ./deadly.so --mode file
assert "one that changes the exit status fails" [ "$status" = 1 ]
assert "and both are told" says 'it ended with status 77, bare with status 5'
