# test/setup in a made-up world: a folder of programs stands for the machine, a script for apt-get.
. "$PROJECT/assert.sh"

# world NAME PROGRAM...: a machine that has these programs
world() {
    bin=$PWD/$1
    shift
    mkdir -p "$bin"
    for program in sh env mktemp rm cat awk sort tr fold sed tail touch chmod mkdir "$@"; do
        ln -sf "$(command -v "$program")" "$bin/$program"
    done
    fake id 'echo 0'
}
fake() {
    rm -f "$bin/$1"
    printf '#!/bin/sh\n%s\n' "$2" > "$bin/$1"
    chmod +x "$bin/$1"
}
setup() {
    env -i PATH="$bin" HERE="$PWD" POLICY="$PWD/policy" CC=gcc PYTHON="$bin/python3" "$TOP/test/setup" "$@" > said 2>&1
    status=$?
}
says() { grep -qF -e "$1" said; }

# apt-get notes what it was told; its install brings a gcc that compiles everything, and a python3
apt='
echo "$*" >> "$HERE/asked"
case " $* " in
*" -s "*) printf "Inst gcc (1)\nInst cpp (1)\nConf gcc (1)\n" ;;
*" install "*) for program in gcc python3; do printf "#!/bin/sh\nexit 0\n" > "${0%/*}/$program"; chmod +x "${0%/*}/$program"; done ;;
esac'

world complete
fake gcc 'exit 0'
fake python3 'exit 0'
fake apt-get "$apt"
setup demo
assert "nothing is said when all is there" [ "$status$(cat said)" = 0 ]
assert "nothing is installed when all is there" [ ! -e asked ]

world other
setup demo
assert "another system: it fails" [ "$status" = 1 ]
assert "another system: what is missing is named" says 'a C compiler (gcc)'
assert "another system: so is the second thing" says 'python3'

world bare
fake apt-get "$apt"
setup build
assert "a build installs nothing" [ "$status" = 1 ]
assert "a build says what to install" says 'apt-get install gcc libc6-dev'
assert "a build asks nobody" [ ! -e asked ]
setup demo
assert "what was missing is installed: $(cat said)" [ "$status" = 0 ]
assert "packages are named" says 'apt-get install gcc libc6-dev python3'
assert "so are those that they depend on" says 'cpp gcc'
assert "no update without need" [ "$(grep -c update asked)" = 0 ]
setup demo
assert "the second time nothing is said" [ "$status$(cat said)" = 0 ]

world stale grep
fake apt-get 'echo "$*" >> "$HERE/stale-asked"; case "$*" in *" -s "* | "-s "*) grep -q update "$HERE/stale-asked" ;; esac'
setup demo
assert "a list that is not there is fetched" grep -q update stale-asked
assert "what is still missing after it is told" says 'still missing'
assert "and fails" [ "$status" = 1 ]

world user
fake id 'echo 1000'
fake apt-get "$apt"
rm -f asked
setup demo
assert "no root, no sudo: it fails" [ "$status" = 1 ]
assert "no root, no sudo: it says what root should do" says 'as root, please run: apt-get install gcc libc6-dev python3'
assert "no root, no sudo: nothing is tried" [ ! -e asked ]
fake sudo 'echo sudo >> "$HERE/asked"; exec "$@"'
setup demo
assert "no root: sudo is used" grep -q sudo asked
assert "no root: and it works" [ "$status" = 0 ]

# A table of programs that lacks two packages, of which the archive knows one.
world programs grep tee
fake gcc 'exit 0'
fake g++ 'exit 0'
fake python3 'case "$*" in *--packages*) echo known; echo unknown ;; esac'
fake apt-cache '[ "$2" = known ]'
fake apt-get 'case " $* " in *" -s "*) ;; *" install "*) echo "$*" >> "$HERE/real-asked"; "$POLICY" || echo denied >> "$HERE/real-asked" ;; esac'
setup real
assert "what the table lacks is installed: $(cat said)" [ "$status" = 0 ]
assert "packages are named first" says 'apt-get install known;'
assert "what the archive does not know is left out" [ "$(grep -c unknown real-asked)" = 0 ]
assert "meanwhile no service is started" grep -q denied real-asked
assert "and afterwards they are again" [ ! -e policy ]
