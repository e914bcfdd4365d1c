# What shell scripts do: pipes, subshells, substitutions, arrays, here-documents, traps and background jobs.
set -u
shopt -s lastpipe
declare -A seen
while read -r number word; do seen[$word]=$((${seen[$word]:-0} + number)); done < <(seq 400 | awk '{ print $1, "w" $1 % 13 }')
for word in "${!seen[@]}"; do echo "$word ${seen[$word]}"; done | sort -k2 -n | tail -n 3
text=$(cat << END
$(seq -s ' ' 50)
END
)
echo "${text//1/one}" | tr ' ' '\n' | grep -c one
seq 3000 | sort -R --random-source=/dev/zero | sort -n | uniq | sha256sum
seq 20 | xargs -n 4 -P 2 echo > lists
sort lists
last() { trap 'echo at exit' EXIT; return "$1"; }
(last 4) &
wait $!
echo "background: $?"
sleep 30 &
kill $!
wait $!
echo "killed: $?"
mapfile -t lines < <(printf '%s\n' a b c)
echo "${#lines[@]} ${lines[*]^^}"
exec 3< <(head -c 100000 /dev/zero | tr '\0' x)
read -r -u 3 long
echo "${#long}"
exit 9
