#!/usr/bin/env bash
# A shell script as they are: reads and sorts lines, matches, counts in arrays, calls functions and other programs.
words=1009
line_of() { printf '%s' "word$(($1 * 7919 % words)) $1 $(($1 * 31 % 97))"; }

for ((i = 0; i < 3000; i++)); do
    echo "word$((i * 7919 % words)) $i $((i * 31 % 97))"
done | sort -k 3n -k 1 | {
    declare -A seen
    total=0
    while read -r word number rest; do
        seen[$word]+=" $number"
        [[ $word =~ ^word([0-9]+)$ ]] && total=$((total + BASH_REMATCH[1]))
        case $rest in *7*) total=$((total + 1)) ;; *) total=$((total + ${#rest})) ;; esac
    done
    for word in "${!seen[@]}"; do
        for number in ${seen[$word]}; do
            ((number % 3 == 0 && (total += number)))
        done
    done
    echo "$total ${#seen[@]}"
}

total=0
for ((i = 0; i < 100000; i++)); do
    ((total = (total * 31 + i) % 65521))
done
for ((i = 0; i < 60; i++)); do
    text=$(line_of "$i" | tr a-z A-Z)
    [ "${text#WORD}" != "$text" ] && total=$((total + ${#text}))
done
echo "$total"
