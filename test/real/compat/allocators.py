"""Other allocators, sanitizers, auditors, and what else is preloaded."""

from dataclasses import replace

from program import Program

BUILT = "build work g++ -std=gnu++17 -O1 -g -pthread work.cc"
WORK = f"""
    {BUILT}
    PYTHONMALLOC=malloc python3 orders.py 10 0; echo $?
    perl words.pl | md5sum
    $CACHE/work; echo $?
"""
SOURCES = "orders.py words.pl work.cc"

ALLOCATORS = (
    ("jemalloc", "libjemalloc2", "libjemalloc-dev", "libjemalloc.so.2", "-ljemalloc"),
    ("tcmalloc", "libtcmalloc-minimal4", "libtcmalloc-minimal4", "libtcmalloc_minimal.so.4", "-l:libtcmalloc_minimal.so.4"),
    ("mimalloc", "libmimalloc2.0", "libmimalloc2.0", "libmimalloc.so.2", "-l:libmimalloc.so.2"),
)


def preloaded(name, package, library):
    after = Program(
        f"{name} preloaded after us", f"{package} python3 perl g++", f"it serves python3, perl and a C++ program with threads: our library comes first",
        WORK, files=SOURCES, tells="python3 perl work", programs="python3 perl g++", after=library,
    )  # fmt: skip
    before = replace(
        after, name=f"{name} preloaded before us", does="it serves all allocations, which do not reach our library", after="", before=library,
        tells="", untracked=f"{name} comes first and serves all allocations itself",
    )  # fmt: skip
    return after, before


def linked(name, package, flag):
    return Program(
        f"{name} linked in", f"{package} g++", "a C++ program with threads that was linked with it",
        f"build work-{name} g++ -std=gnu++17 -O1 -g -pthread work.cc -Wl,--no-as-needed {flag}; $CACHE/work-{name}; echo $?",
        files="work.cc", tells=f"work-{name}", programs="g++",
    )  # fmt: skip


def sanitized(compiler, name, flags, source, says, **more):
    """One program without a fault, and one with it."""
    right, wrong = f"{compiler}-{name[0]}-right", f"{compiler}-{name[0]}-wrong"
    return Program(
        f"{name} of {compiler}", compiler, "a correct program, and one with an error that is reported",
        f"""
        build {right} {compiler} -g -O1 {flags} work.c; build {wrong} {compiler} -g -O0 {flags} {source}
        $CACHE/{right}; echo $?; $CACHE/{wrong} 2> said; echo $?; grep -c '{says}' said
        """,
        files=f"work.c {source}", programs=compiler, ignore="said", **{key: text.format(right=right, wrong=wrong) for key, text in more.items()},
    )  # fmt: skip


MEMUSAGE = ((r"\n\x1b\[01;32mMemory usage summary(.|\n)*", ""),)
OWN = "the sanitizer has a malloc of its own in the executable, which must see every block itself"

PROGRAMS = (
    *(program for name, package, _, library, _ in ALLOCATORS for program in preloaded(name, package, library)),
    *(linked(name, package, flag) for name, _, package, _, flag in ALLOCATORS),
    Program(
        "jemalloc inside the executable", "libjemalloc-dev g++", "jemalloc as an archive in the executable, exported from it",
        "build work-static g++ -std=gnu++17 -O1 -pthread -rdynamic work.cc /usr/lib/*/libjemalloc.a -ldl; $CACHE/work-static; echo $?",
        files="work.cc", programs="g++", untracked="jemalloc is in the executable: its malloc is the program's own",
    ),
    sanitized("gcc", "AddressSanitizer", "-fsanitize=address -static-libasan", "wrong_heap.c", "heap-use-after-free", untracked=OWN),
    sanitized("clang", "AddressSanitizer", "-fsanitize=address", "wrong_heap.c", "heap-use-after-free", untracked=OWN),
    sanitized("gcc", "LeakSanitizer", "-fsanitize=leak", "wrong_leak.c", "detected memory leaks", tells="{right} {wrong}", mute="{wrong}"),
    sanitized("clang", "LeakSanitizer", "-fsanitize=leak", "wrong_leak.c", "detected memory leaks", untracked=OWN),
    sanitized("gcc", "UndefinedBehaviorSanitizer", "-fsanitize=undefined", "wrong_shift.c", "runtime error: shift", tells="{right} {wrong}", mute="{wrong}"),
    sanitized("clang", "UndefinedBehaviorSanitizer", "-fsanitize=undefined", "wrong_shift.c", "runtime error: shift", tells="{right} {wrong}", mute="{wrong}"),
    sanitized("clang", "ThreadSanitizer", "-fsanitize=thread", "wrong_race.c", "data race", untracked=OWN),
    Program(
        "a C++ program of clang -fsanitize=leak", "clang", "operator new and delete of the sanitizer's own, exceptions, threads",
        "build work-leak clang++ -std=gnu++17 -g -O1 -fsanitize=leak -pthread work.cc; $CACHE/work-leak; echo $?",
        files="work.cc", programs="clang++", untracked=OWN,
    ),
    Program(
        "an auditor (LD_AUDIT)", "gcc python3", "an audit library of the test observes each object and binding of python3 and sqlite3",
        """
        build auditor.so gcc -shared -fPIC -O1 auditor.c; export LD_AUDIT=$CACHE/auditor.so AUDITED=$PWD/count
        PYTHONMALLOC=malloc python3 orders.py 10 0; echo $?; sqlite3 :memory: 'select sqlite_version() > 3'; tail -n 1 count | wc -l
        """,
        files="orders.py auditor.c", programs="gcc python3 sqlite3", tells="python3 sqlite3", ignore="count",
    ),
    Program(
        "fakeroot", "fakeroot", "an archive that seems to be made by root; its library comes before ours",
        """
        fakeroot sh -c 'touch a; chown 12:34 a; mknod b c 1 3; tar -cf a.tar --mtime=@0 a b; tar -tvf a.tar; stat -c "%u:%g %t" a b'; rm -f a b a.tar
        """,
        tells="tar stat", programs="fakeroot tar", mute="tar", limit="tar closes stderr itself",
    ),
    Program(
        "faketime", "faketime libfaketime", "another day, for date, python3 and perl",
        """
        faketime '2001-02-03 04:05:06' sh -c 'date +%F; python3 -c "import datetime; print(datetime.date.today())"; perl -e "print +(localtime)[5], qq(\\n)"; sleep 1'
        """,
        tells="date python3 perl",
    ),
    Program(
        "stdbuf", "coreutils", "streams without buffers, for sed and python3",
        "seq 20000 | stdbuf -o0 sed 's/7/x/' | stdbuf -oL -i0 md5sum; stdbuf -e0 -o4K perl -e 'print q(a) x 9999' | wc -c",
        tells="sed perl", mute="sed perl", programs="stdbuf sed",
    ),
    Program(
        "heaptrack's library after us", "heaptrack", "both record python3 and a C++ program",
        WORK,
        files=SOURCES, tells="python3 perl work", programs="python3 perl g++ heaptrack", after="libheaptrack_preload.so", env=("DUMP_HEAPTRACK_OUTPUT=../tmp/heap.$$",),
    ),
    Program(
        "heaptrack's library before us", "heaptrack", "heaptrack records python3 and a C++ program",
        WORK,
        files=SOURCES, programs="python3 perl g++ heaptrack", before="libheaptrack_preload.so",
        untracked="a library that is preloaded before ours serves all allocations", env=("DUMP_HEAPTRACK_OUTPUT=../tmp/heap.$$",),
    ),
    Program(
        "libmemusage.so after us", "libc-bin", "glibc's own heap statistics, beside ours",
        BUILT + "\n$CACHE/work; echo $?; perl words.pl | md5sum", files=SOURCES, tells="work perl", programs="perl g++", after="libmemusage.so",
        scrub=MEMUSAGE,
        env=("MEMUSAGE_PROG_NAME=work",),
    ),
    Program(
        "libmemusage.so before us", "libc-bin", "glibc's own heap statistics",
        BUILT + "\n$CACHE/work; echo $?", files=SOURCES, programs="g++", before="libmemusage.so", scrub=MEMUSAGE,
        untracked="a library that is preloaded before ours serves all allocations",
        env=("MEMUSAGE_PROG_NAME=work",),
    ),
)
