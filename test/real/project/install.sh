# `make install` lays down what a user needs, below DESTDIR, and what it lays down works.
. "$PROJECT/assert.sh"

# of the make that runs this, nothing is taken over
unset MAKEFLAGS MFLAGS MAKELEVEL
root=$PWD/root
make -s -C "$TOP" BUILD="$BUILD" install PREFIX=/opt/tm DESTDIR="$root" > log 2>&1
assert "make install ends well: $(cat log)" [ -z "$(cat log)" ]
for file in lib/libtrackmalloc.so lib/pkgconfig/trackmalloc.pc share/doc/trackmalloc/README.md \
    share/doc/trackmalloc/LICENSE share/bash-completion/completions/trackmalloc; do
    assert "$file is installed" [ -s "$root/opt/tm/$file" ]
done
for header in "$TOP"/include/*.h; do
    [ ! -e "$header" ] || assert "$header is installed" cmp "$header" "$root/opt/tm/include/${header##*/}"
done
for page in "$TOP"/doc/man/*.[137]; do
    assert "$page is installed" [ -s "$root/opt/tm/share/man/man${page##*.}/${page##*/}" ]
done
assert "nothing is left to fill in there" [ -z "$(grep -r '@[A-Z]*@' "$root/opt/tm/share/man")" ]
assert "a page is found by its second name too" [ -s "$root/opt/tm/share/man/man3/tm_pop.3" ]
assert "nothing is left to fill in" [ -z "$(grep @ "$root/opt/tm/lib/pkgconfig/trackmalloc.pc")" ]
assert "the prefix is told" grep -q '^prefix=/opt/tm$' "$root/opt/tm/lib/pkgconfig/trackmalloc.pc"

LD_PRELOAD="$root/opt/tm/lib/libtrackmalloc.so" ls / > /dev/null 2> err
assert "the installed library reports" grep -q '(exit), up ' err

"$root/opt/tm/bin/trackmalloc" run ls / > /dev/null 2> err
assert "the installed command finds the library" grep -q '(exit), up ' err

if command -v pkg-config > /dev/null; then
    export PKG_CONFIG_PATH="$root/opt/tm/lib/pkgconfig" PKG_CONFIG_SYSROOT_DIR="$root"
    assert "pkg-config knows it" pkg-config --exists --print-errors trackmalloc
    echo '#include <stdlib.h>
    int main(void) { void *p = malloc(9); free(p); return p == NULL; }' > user.c
    assert "a program links with it" gcc -O0 user.c $(pkg-config --cflags --libs trackmalloc) -o user
    LD_LIBRARY_PATH="$root/opt/tm/lib" ./user 2> err
    assert "a program that is linked with it reports" grep -q '(exit), up ' err
fi
