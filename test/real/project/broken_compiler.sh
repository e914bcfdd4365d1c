# A compiler that fails while the symbol map is made fails the build, and leaves no map behind for the next one.
. "$PROJECT/assert.sh"

unset MAKEFLAGS MFLAGS MAKELEVEL
printf '#!/bin/sh\ncase " $* " in *" -E "*) exit 1 ;; esac\nexec gcc "$@"\n' > compiler
chmod +x compiler
make -s -C "$TOP" BUILD="$PWD/out" CC="$PWD/compiler" "$PWD/out/symbols.map" > log 2>&1
assert "make fails" [ $? -ne 0 ]
assert "there is no map: $(cat log)" [ ! -e out/symbols.map ]

make -s -C "$TOP" BUILD="$PWD/out" CC=gcc "$PWD/out/symbols.map" > log 2>&1
assert "a compiler that works makes one: $(cat log)" grep -qw malloc out/symbols.map
