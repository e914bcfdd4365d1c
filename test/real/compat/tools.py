"""Tools: what people and scripts call all day."""

from program import Program

PROGRAMS = (
    Program(
        "git", "git", "commits, branches, a merge, packs in two threads, fsck, a clone, a bisection by a script, blame, archive",
        """
        bash history.sh; cd first; export HOME=$PWD/.. GIT_CONFIG_NOSYSTEM=1
        git blame -s file2 | md5sum; git archive HEAD | md5sum; git bisect start -q HEAD HEAD~4 > /dev/null
        git bisect run sh -c 'test $(wc -l < file5) -gt 10 2> /dev/null' > /dev/null 2>&1; git bisect log | grep -c good
        """,
        files="history.sh", tells="git", ignore="first/.git/index first/.git/logs* first/.git/BISECT* second/.git/index second/.git/logs* first/.git/objects/pack*",
    ),
    Program(
        "tar with xz -T2", "tar xz-utils zstd bzip2", "packs 8 MiB with xz in two threads, zstd, bzip2 and gzip, unpacks and compares",
        """
        mkdir in out; for i in $(seq 40); do seq $((i * 1000)) $((i * 1000 + 40000)) > in/f$i; done; ln in/f1 in/hard; ln -s f2 in/soft; touch -hd @1000000000 in/* in
        tar -c --sort=name -f all.tar in; xz -k -T2 --block-size=1MiB -3 all.tar; zstd -q -T2 all.tar -o all.zst; bzip2 -k -1 all.tar; gzip -nk all.tar
        md5sum all.*; tar -C out -xJf all.tar.xz && diff -r in out/in && tar -df all.tar; tar --zstd -tf all.zst | wc -l; tar -xf nowhere.tar; rm -r in out
        """,
        tells="tar xz zstd bzip2 gzip diff", mute="tar xz gzip",
        limit="tar, xz and gzip close stderr themselves before they exit: their exit report appears in a file only", sorted=True,
    ),
    Program(
        "zip, unzip, cpio, ar", "zip unzip cpio binutils", "archives of other kinds",
        """
        for i in 1 2 3 4 5; do seq $((i * 9999)) > f$i; touch -d @1000000000 f$i; done
        zip -qX a.zip f* && unzip -p a.zip f3 | md5sum; unzip -tq a.zip; ls f* | cpio -oH newc --reproducible --quiet | cpio -it --quiet; ar rcsD a.a f1 f2; ar t a.a
        """,
        tells="zip unzip cpio ar", ignore="a.zip",
    ),
    Program(
        "rsync", "rsync", "copies 100 files, changes some, copies the difference, deletes, compares by checksum",
        """
        mkdir from; for i in $(seq 100); do seq $i $((i * 90)) > from/f$i; done; touch -d @1000000000 from/* from
        rsync -a from/ to && seq 777 > from/f7 && rm from/f9 && touch -d @1000000001 from/f7 from
        rsync -ai --no-whole-file --delete from/ to; rsync -acn --out-format=%n from/ to; diff -r from to && rm -r from to; rsync nowhere to; echo $?
        """,
        tells="rsync", scrub=((r"\(\d+\)|\[.*?\]", ""),),
    ),
    Program(
        "gdb", "gdb gcc", "stops a program at a function, prints its stack, calls into it, runs it to its end; Python inside",
        """
        gcc -g -O0 work.c -o work; gdb -nx -batch -ex 'set debuginfod enabled off' -ex 'set startup-with-shell off' -ex 'break by_text' -ex run \\
            -ex 'backtrace 1' -ex 'print (int)strlen("four")' -ex 'python print(len(gdb.lookup_type("char").name))' -ex 'delete' -ex continue ./work
        """,
        files="work.c", tells="gdb work", programs="gdb gcc", ignore="work", only="gdb:work",
        limit="it shows the reporter as a further thread of the program",
        scrub=((r"process \d+|0x[0-9a-f]+", "N"), (r'Thread 1 "work" hit ', ""), (r"^(warning|\[).*\n", "")),
    ),
    Program(
        "valgrind", "valgrind gcc", "memcheck finds a leak and a write behind a block of a small program",
        """
        printf '%s\\n' '#include <stdlib.h>' 'char *keep; int main(void) { keep = malloc(10); keep = malloc(20); keep[20] = 1; free(keep); return 3; }' > bad.c
        gcc -g -O0 bad.c -o bad; valgrind --leak-check=full --error-exitcode=9 ./bad > out 2> err; echo $?; grep -cE 'Invalid write|definitely lost: 10 ' err
        """,
        programs="valgrind gcc", ignore="err bad", tells="gcc", only="gcc",
        limit="valgrind replaces the allocator itself: the program under it is not tracked",
    ),
    Program(
        "strace", "strace", "counts and prints the calls of a small program",
        """
        strace -f -qq -e trace=execve,unlink -e signal=none -o trace bash -c '(rm -f a); touch b; exec true'; echo $?; grep -c execve trace
        strace -c -o sums true; tail -1 sums | wc -w
        """,
        tells="strace", ignore="trace sums",
    ),
    Program(
        "man", "man-db groff-base", "formats a page for a terminal and as PostScript, by groff and a sandboxed preconv",
        """
        printf '%s\\n' '.TH WORK 1' '.SH NAME' 'work \\- does it' '.SH DESCRIPTION' '.TP' '.B \\-a' 'An option, naïve.' '.TS' 'l l.' 'a\\tb' '.TE' > work.1
        MANWIDTH=70 man -l work.1 > page; MANWIDTH=70 man -P cat -l work.1; man -t -l work.1 | grep -c showpage; man -k nothing_like_it; echo $?; groff -t -man -Tutf8 work.1 | wc -l
        """,
        tells="man groff troff grotty", only="man:groff:troff:grotty",
    ),
    Program(
        "tmux", "tmux", "a server, two windows, typed commands, a captured pane",
        """
        export TERM=xterm; tmux -L $PORT -f /dev/null new-session -d -x 80 -y 20 'PS1="> " bash --norc --noprofile -i 2> /dev/null'; sleep 1
        tmux -L $PORT send-keys 'echo $((6 * 7)) && seq 3' Enter; tmux -L $PORT new-window -d 'sleep 30'; sleep 1.5
        tmux -L $PORT capture-pane -p | grep -v '^$'; tmux -L $PORT list-windows -F '#{window_index} #{window_panes}'; tmux -L $PORT kill-server; echo $?
        """,
        tells="tmux", mute="tmux", only="tmux*", scrub=((r"PORT", ""),),
    ),
    Program(
        "vim", "vim", "edits 20,000 lines: substitutes, sorts, macros, a script, undo; a terminal of its own",
        """
        seq 20000 > text; vim -Nu NONE -es -c '%s/\\(\\d\\)\\(\\d\\)/\\2-\\1/g' -c 'sort! n' -c 'normal ggqaA!\\<Esc>jq500@a' -c 'g/77/d' -c wq text; echo $?
        md5sum text; vim -Nu NONE -es -c 'let l = map(range(9999), "v:val * v:val")' -c 'call writefile([string(len(l)), string(l[-1])], "sums")' -c 'cq 5'; echo $?
        TERM=xterm script -qec 'vim -Nu NONE -n -c "normal ihello" -c "sleep 700m" -c wq typed' /dev/null > /dev/null; cat typed
        """,
        tells="vim",
    ),
    Program(
        "emacs", "emacs-nox", "Lisp in batch mode: buffers, text, regular expressions, byte compilation",
        """
        echo '(defun twice (n) "Twice N." (* n 2))' > twice.el
        emacs -Q --batch --eval '(progn (dotimes (i 20000) (insert (number-to-string (* i 7919)) "\\n")) (sort-lines nil (point-min) (point-max))
            (goto-char 1) (message "%d %s" (how-many "77") (md5 (buffer-string))) (garbage-collect)
            (byte-compile-file "twice.el") (load-file "twice.elc") (princ (twice 21)) (kill-emacs 4))'
        """,
        tells="emacs", ignore="twice.elc", scrub=((r"^(Loading|Compiling|Wrote|In toplevel).*\n", ""),),
    ),
    Program(
        "sqlite3", "sqlite3", "tables, joins, full-text search, windows, JSON, a vacuum, an integrity check",
        """
        sqlite3 shop.db '.read shop.sql' | md5sum; sqlite3 shop.db "create virtual table t using fts5(a); with n(i) as (select 1 union all select i + 1 from n
            where i < 20000) insert into t select 'word' || i % 97 from n; select count(*) from t where t match 'word7'; select json_group_array(i) from
            (select row_number() over (order by rowid) i from t limit 5); vacuum; pragma integrity_check; select * from nowhere;"; echo $?
        """,
        files="shop.sql", tells="sqlite3",
    ),
    Program(
        "openssl", "openssl", "keys, a certificate, signatures, a server and a client of TLS 1.3, digests",
        """
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key -out cert -days 2 -subj /CN=localhost 2> /dev/null; openssl verify -CAfile cert cert
        openssl s_server -quiet -accept 127.0.0.1:$PORT -key key -cert cert -www > /dev/null & server=$!
        try 10 listens $PORT; curl -s --cacert cert --resolve localhost:$PORT:127.0.0.1 https://localhost:$PORT/ | grep -c TLSv1.3; stop $server
        seq 99999 | openssl dgst -sha3-512; seq 9 | openssl enc -aes-256-cbc -pbkdf2 -k a -S 0011223344556677 | md5sum; openssl prime 1000003
        """,
        tells="openssl curl", programs="openssl curl", ignore="key cert",
    ),
    Program(
        "curl", "curl", "files, several at once, a local server's headers, a refused port",
        """
        seq 9999 > page; curl -s file://$PWD/page | md5sum; python3 -m http.server --bind 127.0.0.1 $PORT > /dev/null 2>&1 & server=$!
        try 10 listens $PORT; curl -sS --no-progress-meter --parallel "http://127.0.0.1:$PORT/page?[1-9]" | md5sum; curl -s -r 0-99 http://127.0.0.1:$PORT/page | md5sum
        curl -s http://127.0.0.1:$PORT2/; echo $?; stop $server
        """,
        tells="curl", programs="curl python3",
    ),
    Program(
        "ffmpeg", "ffmpeg", "makes two seconds of test picture and tone, encodes them in threads, decodes and scales",
        """
        ffmpeg -v error -y -f lavfi -i testsrc=d=2:s=320x240:r=10 -f lavfi -i sine=d=2 -threads 2 -c:v mpeg4 -c:a aac -bitexact a.mkv
        ffmpeg -v error -i a.mkv -vf scale=160:120 -threads 2 -f framemd5 -an - | tail -2; ffprobe -v error -show_entries stream=codec_name -of csv a.mkv; ffmpeg -v error -i no.mkv; echo $?
        """,
        tells="ffmpeg ffprobe", scrub=((r"0x[0-9a-f]+", "N"),),
    ),
    Program(
        "imagemagick", "imagemagick", "draws, blurs and resizes in threads, quantizes, compares",
        """
        convert -size 300x300 plasma:red-blue -seed 1 -blur 0x3 -resize 150% -depth 8 rgb:- | wc -c
        convert -size 200x200 gradient:black-white -swirl 90 -resize 50% -depth 8 -define png:exclude-chunks=date,time a.png; identify -format '%m %wx%h %#\\n' a.png
        compare -metric AE a.png a.png null: ; echo " $?"; convert no.png a.gif; echo $?
        """,
        tells="convert identify compare", ignore="a.png",
    ),
    Program(
        "gpg", "gpg gpg-agent", "makes a key, signs, verifies, encrypts to itself; its agent",
        """
        mkdir -m 700 gnupg; export GNUPGHOME=$PWD/gnupg
        gpg -q --batch --passphrase '' --quick-generate-key a@b.c ed25519 sign 2> /dev/null; seq 999 > text; gpg -q --batch -s text && gpg -q -d text.gpg 2> /dev/null | md5sum
        gpg -q --verify text.gpg 2>&1 | grep -c Good; gpg -q --batch --passphrase x -c -o sealed text && gpg -q --batch --passphrase x -d sealed 2> /dev/null | md5sum; gpgconf --kill all; echo $?
        """,
        tells="gpg", ignore="gnupg* text.gpg sealed", only="gpg", programs="gpg gpg-agent gpgconf",
    ),
    Program(
        "coreutils and findutils", "coreutils findutils", "sort in threads, join, comm, split, shuf, find with xargs -P, cp, stat",
        """
        seq 200000 | shuf --random-source=<(yes) > a; sort -n --parallel=2 -S 2M a > b; sort -u a | md5sum; head -1000 b | split -l 100 - part; ls part* | wc -l
        find . -name 'part*' -print0 | xargs -0 -P 3 -n 2 md5sum | sort; comm -12 <(sort partaa) <(sort partab) | wc -l; join partaa partaa | wc -l; cp -a a c; cmp a c; stat -c '%s %F' nowhere
        """,
        tells="sort split find xargs md5sum comm join cp", mute="comm join md5sum sort split cp find xargs",
        limit="with reports on stderr those of programs in a pipe are not checked",
    ),
    Program(
        "busybox", "busybox", "a static program with many names", "busybox sh -c 'seq 5000 | busybox awk \"{ s += \\$1 } END { print s }\"; exit 4'",
        programs="busybox", untracked="it is linked statically: nothing can be preloaded into it",
    ),
    Program(
        "jq", "jq", "JSON of 50,000 records: groups, paths, regular expressions",
        """
        seq 50000 | jq -s -c 'map({n: ., k: (. % 7 | tostring)}) | group_by(.k) | map({key: .[0].k, value: (map(.n) | add)}) | from_entries'
        seq 3000 | jq -Rn '[inputs | select(test("7{2}"))] | length'; echo '{' | jq . ; echo $?
        """,
        tells="jq",
    ),
    Program(
        "xmllint", "libxml2-utils", "parses, validates and queries XML of 30,000 elements",
        """
        (echo '<a>'; for i in $(seq 30000); do echo "<b c='$i'>t$((i % 7))</b>"; done; echo '</a>') > a.xml
        xmllint --noout --stream a.xml; xmllint --xpath 'count(//b[. = "t3"])' a.xml; xmllint --format a.xml | md5sum; echo '<a>' | xmllint -; echo $?
        """,
        tells="xmllint",
    ),
    Program(
        "readelf, objdump, nm, strings", "binutils", "disassembles and reads the C library",
        """
        libc=$(echo /lib/*/libc.so.6); readelf -W --dyn-syms $libc | wc -l; objdump -d --no-show-raw-insn /bin/true | md5sum; nm -D $libc | grep -c ' T '; strings $libc | md5sum
        """,
        tells="readelf objdump nm strings",
    ),
)
