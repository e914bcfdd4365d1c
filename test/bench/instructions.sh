#!/bin/sh
# instructions.sh BUILD LIBRARY [CASE]: how many instructions one malloc and one free take together.
#
# Callgrind counts the program's own thread, and only within bench_counted (bench.h), after a warm-up in which the
# library's thread has begun: when that first runs is chance, and until then each operation takes the long way. Unlike
# time, what is left is the same on every machine and every day: the fast path's length, and the loop's few. Only blocks
# that outlive a tick take longer, so that replace-10k may be off by two.
set -eu
build=$1 library=$2 case=${3:-pair-64}
operations=100000

command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 0; }
program=micro
case $case in
depth-*) program=depth ;;
push-pop | pair-untagged | pair-in-scope | scope-pair | pair-for-tag) program=tagging ;;
esac
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# row NAME PRELOAD [OPTIONS]
row() {
    LD_PRELOAD=$2 TRACKMALLOC_OPTIONS=output=none${3:+,$3} valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --toggle-collect=bench_counted --log-file="$log" "$build/$program" "$case" ${operations}x >/dev/null 2>&1
    counted=$(sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$log")
    awk -v name="$1" -v all="$counted" -v n=$operations 'BEGIN { printf "| %s | %.1f |\n", name, all / n }'
}

echo "| $case, instructions an operation | |"
echo "|---|---:|"
row bare ""
row pass-only "$build/pass_only.so"
row header-only "$build/header_only.so"
if [ -e "$library" ]; then
    row trackmalloc "$library"
    case $case in depth-*) for more in callers=off stacks=512KiB stacks=all; do row "$more" "$library" "$more"; done ;; esac
fi
