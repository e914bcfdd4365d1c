"""The real programs: what they work on, and how their CPU time is taken. Inputs are generated once, always the same."""
import os
import random
import shutil
import socket
import subprocess
import tempfile
import time

import run

HERE = os.path.dirname(os.path.abspath(__file__))
REAL = os.path.join(HERE, "real")


def find(program):
    path = shutil.which(program)
    if not path:
        raise run.Failed(f"{program} is not installed")
    return path


class Command:
    """A program that is run as a whole; `prepare` generates its input."""

    def __init__(self, name, command, needs, generate=None, environment=None, stdin=os.devnull):
        self.name, self.command, self.needs, self.stdin = name, command, needs, stdin
        self.environment = environment or {}
        self.generate = generate

    def prepare(self):
        for program in self.needs:
            find(program)
        if self.generate:
            self.generate()

    def measure(self, environments, cpus):
        """{name: environment} -> {name: CPU seconds or run.Failed}; all run side by side."""
        processes = {}
        for name, environment in environments.items():
            with open(self.stdin, "rb") as stdin, tempfile.TemporaryFile() as stdout:
                processes[name] = run.start(self.command, {**environment, **self.environment}, cpus,
                                            stdin=stdin, stdout=stdout)
        return run.wait_all(processes)


class Redis:
    """CPU time of the server alone, for a fixed number of requests."""
    name = "redis-server"
    requests = ["-t", "set,get,incr,lpush,lpop,sadd,hset,mset", "-n", "20000", "-r", "20000", "-d", "100", "-c", "10",
                "-P", "10", "-q"]

    def prepare(self):
        find("redis-server")
        find("redis-benchmark")

    def measure(self, environments, cpus):
        others = os.sched_getaffinity(0) - set(cpus or ()) or None
        with tempfile.TemporaryDirectory() as scratch:
            paths = {name: os.path.join(scratch, f"socket{n}") for n, name in enumerate(environments)}
            servers = {name: run.start(["redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", scratch],
                                       environments[name], cpus) for name, path in paths.items()}
            try:
                up = {name: path for name, path in paths.items() if talk(path, servers[name], b"")}
                served = run.wait_all({name: run.start(["redis-benchmark", "-s", path, *self.requests], {}, others)
                                       for name, path in up.items()})
                for name, path in up.items():
                    talk(path, servers[name], b"SHUTDOWN NOSAVE\r\n")
                results = run.wait_all({name: servers[name] for name in up})
            finally:
                for server in servers.values():
                    run.end(server)
        failed = {name: value for name, value in served.items() if isinstance(value, run.Failed)}
        silent = {name: run.Failed("the server does not come up") for name in environments if name not in up}
        return {**results, **failed, **silent}


def talk(path, server, request):
    """Sends a request; tells whether somebody was there. A server that starts is waited for."""
    for _ in range(500):
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.connect(path)
                connection.sendall(request)
                return True
            except OSError:
                if server.poll() is not None:
                    return False
        time.sleep(0.02)
    return False


def c_source(path):
    """Functions of loops, branches and tables, as a generator of parsers would write them."""
    pick = random.Random(1)
    lines = ["#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>",
             "struct item { struct item *next; char name[24]; int value[8]; };"]
    for n in range(22):
        lines.append(f"int work_{n}(struct item *list, int limit)\n{{\n    int sum = {n};")
        lines.append("    for (struct item *i = list; i && sum < limit; i = i->next) {\n        switch (i->value[0]) {")
        for case in range(pick.randint(6, 14)):
            a, b = pick.randrange(8), pick.randrange(8)
            lines.append(f"        case {case * 3 + n % 3}: sum += i->value[{a}] * {case + 2} - (i->value[{b}] >> {a % 5});")
            lines.append(f"            if (strcmp(i->name, \"name {n * case}\") == 0) return sum ^ {n}; break;")
        lines.append("        default: for (int k = 0; k < 8; k++) sum += i->value[k] * (k + limit); }\n    }")
        lines.append(f"    return sum + (limit > 9 ? work_{max(n - 1, 0)}(list, limit / 2) : 0);\n}}" if n else "    return sum;\n}")
    with open(path, "w", encoding="ascii") as file:
        file.write("\n".join(lines) + "\n")


def git_repository(path):
    """Commits that each change some of forty text files."""
    if os.path.isdir(path):
        return
    pick = random.Random(2)
    words = ["".join(pick.choices("abcdefghijklmnopqrstuvwxyz", k=pick.randint(2, 9))) for _ in range(800)]
    files = {f"dir{n % 5}/file{n}.txt": [" ".join(pick.choices(words, k=9)) for _ in range(250)] for n in range(40)}
    stream = []
    for commit in range(80):
        changed = list(files) if commit == 0 else pick.sample(list(files), 4)
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.org> {1700000000 + commit * 60} +0000\n"
                      f"data 9\ncommit {commit % 10}\n")
        for name in changed:
            for _ in range(12):
                files[name][pick.randrange(250)] = " ".join(pick.choices(words, k=9))
            text = "\n".join(files[name]) + "\n"
            stream.append(f"M 644 inline {name}\ndata {len(text)}\n{text}\n")
    making = path + ".new"
    shutil.rmtree(making, ignore_errors=True)
    git = ["git", "-C", making]
    quiet = {"check": True, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run(["git", "init", "-q", "--bare", making], **quiet)
    subprocess.run([*git, "fast-import", "--quiet"], input="".join(stream).encode(), **quiet)
    os.rename(making, path)


# What changes nothing: all configurations work on it at once.
GIT_WORK = """set -e; cd "$1"
git log -p --stat main
git diff main~60 main
git log --oneline -S zz main
git blame main -- dir0/file0.txt
git rev-list --objects main | git pack-objects --stdout --no-reuse-delta --no-reuse-object --threads=1 -q"""


def programs(build):
    work = os.path.join(build, "work")
    os.makedirs(work, exist_ok=True)
    source, repository = os.path.join(work, "big.c"), os.path.join(work, "repository.git")
    no_git_files = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    python = "/usr/bin/python3" if os.path.exists("/usr/bin/python3") else "python3"
    return [
        Command("python3", [python, "-B", f"{REAL}/work.py"], [python],
                environment={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}),
        Command("perl", ["perl", f"{REAL}/work.pl"], ["perl"], environment={"PERL_HASH_SEED": "0"}),
        Command("sqlite3", ["sqlite3", "-batch", ":memory:"], ["sqlite3"], stdin=f"{REAL}/work.sql"),
        Redis(),
        Command("gcc", ["gcc", "-O2", "-c", source, "-o", os.devnull], ["gcc"],
                generate=lambda: c_source(source)),
        Command("bash", ["bash", f"{REAL}/work.sh"], ["bash"]),
        Command("git", ["/bin/sh", "-c", GIT_WORK, "sh", repository], ["git"], environment=no_git_files,
                generate=lambda: git_repository(repository)),
        Command("C++ containers", [f"{build}/containers"], []),
    ]
