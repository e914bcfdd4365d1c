#!/bin/sh
# instructions.sh BUILD LIBRARY [CASE]: how many instructions one malloc and one free take together.
#
# Callgrind counts a run of many operations and one of few; the difference, divided by the operations that make it,
# holds nothing of start-up. Unlike time, it is the same on every machine and every day: the fast path's length.
set -eu
build=$1 library=$2 case=${3:-pair-64}
few=100000 many=300000

command -v valgrind >/dev/null || { echo "valgrind is not installed"; exit 0; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# instructions PRELOAD OPERATIONS
instructions() {
    LD_PRELOAD=$1 TRACKMALLOC_OPTIONS=output=none valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --log-file="$log" "$build/micro" "$case" "$2x" >/dev/null 2>&1
    sed -n 's/.*Collected *: *\([0-9]*\).*/\1/p' "$log"
}

row() {
    low=$(instructions "$2" $few)
    high=$(instructions "$2" $many)
    # the loop runs in whole batches of 10,000, and both counts are multiples of that
    awk -v name="$1" -v a="$low" -v b="$high" -v n=$((many - few)) 'BEGIN { printf "| %s | %.1f |\n", name, (b - a) / n }'
}

echo "| $case, instructions an operation | |"
echo "|---|---:|"
row bare ""
row pass-only "$build/pass_only.so"
row header-only "$build/header_only.so"
if [ -e "$library" ]; then
    row trackmalloc "$library"
fi
