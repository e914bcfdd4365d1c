# The demo, shortened: says what it runs, shows reports while it runs and one at the end.
. "$PROJECT/assert.sh"

"$TOP/test/real/demo" "$BUILD/libtrackmalloc.so" 3 > out 2> err
assert "the demo ends well" [ $? = 0 ]
assert "it says what to type" grep -q 'LD_PRELOAD=' out
assert "it works" grep -q '36,000 orders' out
assert "it reports while it runs" [ "$(grep -c '(periodic), up ' err)" -ge 2 ]
assert "it reports at exit" [ "$(grep -c '(exit), up ' err)" = 1 ]
for tag in libsqlite3.so libexpat.so liblzma.so python3; do assert "it shows $tag" grep -q "^$tag" err; done
assert "it ends with a word" [ -n "$(tail -n 1 out)" ]
