# What the scripts of the tables share.

# try SECONDS COMMAND...: until it succeeds
try() {
    local end=$((SECONDS + $1))
    shift
    until "$@" > /dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { echo "in vain: $*"; return 1; }
        sleep 0.1
    done
}

listens() { (: < "/dev/tcp/127.0.0.1/$1") 2> /dev/null; }

# Before a command that root should not run: "${nobody[@]}" COMMAND...
nobody=(env)
[ "$(id -u)" != 0 ] || nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups --)
for_nobody() {
    mkdir -p "$@"
    [ "$(id -u)" != 0 ] || chown 65534:65534 "$@"
}

# stop PID [SIGNAL]: ends a server of ours, and says with which status
stop() {
    kill -"${2:-TERM}" "$1"
    wait "$1"
    echo "ended with $?"
}

# build NAME COMPILER...: makes $CACHE/NAME by `COMPILER... -o`, bare, if nobody has yet
build() {
    local name=$1
    shift
    [ -x "$CACHE/$name" ] ||
        { env -u LD_PRELOAD -u TRACKMALLOC_OPTIONS "$@" -o "$CACHE/$name.$$" && mv "$CACHE/$name.$$" "$CACHE/$name"; }
}
