# assert WHAT TEST...: ends the script, saying WHAT, when the test fails
assert() {
    what=$1
    shift
    "$@" || { echo "not so: $what"; exit 1; }
}
