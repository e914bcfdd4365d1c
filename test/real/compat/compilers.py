"""Compilers, and what builds with them."""

from program import Program

PROGRAMS = (
    Program(
        "gcc", "gcc", "compiles, links and runs C at -O0 and -O3 with LTO; a program that is wrong",
        """
        gcc -O0 -g -c work.c -o zero.o && gcc -O3 -flto=1 -fno-ident -frandom-seed=1 work.c -o work && ./work
        echo $?; gcc -O2 -Wall -S work.c -o work.s; echo 'int main(void) { return missing; }' | gcc -x c - -o never
        """,
        files="work.c", tells="gcc cc1 as collect2 lto1 work", programs="gcc", only="gcc",
        limit="with reports on stderr only gcc itself is tracked, because it parses the stderr of collect2",
    ),
    Program(
        "g++", "g++", "compiles templates, streams, regular expressions, exceptions; runs the program, which ends by one",
        """
        g++ -std=gnu++17 -O1 -g -pthread work.cc -o work && ./work; echo $?; ./work throw; echo $?
        """,
        files="work.cc", tells="g++ cc1plus as work", programs="g++", ignore="work", only="g++:cc1plus:work", scrub=((r"line \d+: +\d+ ", "line "),),
    ),
    Program(
        "clang", "clang", "compiles C and C++ at -O2, links with lld, analyzes",
        """
        clang -O2 -g -c work.c -o work.o && clang++ -std=gnu++17 -O1 -fuse-ld=lld -pthread work.cc -o work && ./work; echo $?
        clang --analyze work.c -o work.plist; clang -O2 -emit-llvm -S work.c -o work.ll
        """,
        files="work.c work.cc", tells="clang work", programs="clang lld", only="clang*:work",
        says="full: stacks", # a million stacks are not enough for it
    ),
    Program(
        "rustc", "rustc", "compiles Rust with threads by LLVM and runs it; says what is wrong with another crate",
        """
        rustc -O --edition 2021 work.rs && ./work; echo $?; rustc --crate-type lib -C metadata=a broken.rs
        """,
        files="work.rs broken.rs", tells="rustc work", programs="rustc", only="rustc:work", ignore="work",
    ),
    Program(
        "cargo", "cargo", "builds a workspace of a library and a program, tests it",
        """
        cargo init -q --vcs none --name works . && cat work.rs > src/main.rs && rm work.rs
        echo 'pub fn twice(n: u64) -> u64 { n * 2 } #[cfg(test)] mod t { #[test] fn two() { assert_eq!(super::twice(2), 4) } }' > src/lib.rs
        cargo build -q --offline -j2 && target/debug/works; echo $?; cargo test -q --offline --lib -- --test-threads 2
        """,
        files="work.rs", tells="cargo works", programs="cargo rustc", ignore="target*", only="cargo:works",
        scrub=((r"finished in [\d.]+s", "finished"),), env=("CARGO_NET_OFFLINE=true",), seconds=180,
    ),
    Program(
        "go", "golang-go", "builds with cgo; goroutines and C allocate, a web server answers itself",
        """
        export GOCACHE=$CACHE/go GOFLAGS=-mod=mod GOPATH=$PWD/path GO111MODULE=off
        go build -o work work.go && ./work; echo $?; go vet work.go
        """,
        files="work.go", periodic="go work", programs="go", limit="a Go program leaves by a raw exit_group, so there is no exit report", ignore="work", only="go:work", seconds=240,
    ),
    Program(
        "javac and a JVM", "openjdk-17-jdk-headless", "compiles, runs: threads, collections, compression, direct buffers, JIT",
        """
        javac Work.java && java -XX:-UsePerfData Work; echo $?
        java -XX:-UsePerfData -XX:+UseSerialGC -Xint -Xmx64m Work; echo $?
        """,
        files="Work.java", tells="javac java", seconds=180,
    ),
    Program(
        "ocaml", "ocaml", "compiles to bytecode and to machine code; runs both",
        """
        ocamlfind ocamlopt -version > /dev/null 2>&1; ocamlopt -o fast work.ml && ./fast; echo $?
        ocamlc -o slow work.ml && ./slow; echo $?
        """,
        files="work.ml", tells="ocamlopt fast ocamlrun", programs="ocamlopt ocamlc", ignore="fast slow work.o work.cm*",
        only="ocamlopt*:fast:ocamlrun",
    ),
    Program(
        "ghc", "ghc", "compiles Haskell with threads and runs it, its collector at work",
        """
        ghc -v0 -O1 -threaded -rtsopts work.hs -o work && ./work +RTS -N2 -A1m; echo $?
        """,
        files="work.hs", tells="ghc work", programs="ghc", ignore="work work.o work.hi", only="ghc:work",
    ),
    Program(
        "gfortran", "gfortran", "compiles and runs Fortran with allocatable arrays",
        """
        gfortran -O2 work.f90 -o work && ./work; echo $?
        """,
        files="work.f90", tells="gfortran f951 work", programs="gfortran", ignore="work", only="gfortran:f951:work",
    ),
    Program(
        "make -j", "make", "two jobs build 40 objects and an archive; a rule fails",
        """
        for i in $(seq 40); do sed "s/main/part$i/" work.c > part$i.c; done
        printf '%s\\n' 'all: parts.a; @echo built' 'parts.a: $(patsubst %.c,%.o,$(wildcard part*.c)); ar rcsD $@ $^' \\
            '%.o: %.c; @gcc -O0 -c $< -o $@' 'fails:; exit 7' > Makefile
        make -s -j2 all; make -s fails; echo $?
        """,
        files="work.c", tells="make gcc cc1 as ar", programs="make gcc", only="make",
    ),
    Program(
        "cmake and ninja", "cmake ninja-build", "configures a project, finds threads, builds and tests it",
        """
        printf '%s\\n' 'cmake_minimum_required(VERSION 3.13)' 'project(work C CXX)' 'find_package(Threads REQUIRED)' \\
            'add_executable(work work.cc)' 'target_link_libraries(work Threads::Threads)' 'enable_testing()' \\
            'add_test(NAME works COMMAND work)' > CMakeLists.txt
        cmake -G Ninja -DCMAKE_BUILD_TYPE=Debug -S . -B build > /dev/null && cmake --build build -j2 > /dev/null && ./build/work
        echo $?; (cd build && ctest -Q); echo $?
        """,
        files="work.cc", tells="cmake ninja ctest work", programs="cmake ninja ctest", only="cmake:ninja:ctest",
        ignore="build*", seconds=180,
    ),
)
