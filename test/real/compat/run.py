"""One run of one program, bare or preloaded."""

import glob
import json
import os
import pathlib
import random
import shutil
import socket
import stat
import subprocess
import sys
import textwrap
from collections import namedtuple
from dataclasses import dataclass, field

import reports

HERE = pathlib.Path(__file__).resolve().parent
HELPERS = (HERE / "helpers.sh").read_text(encoding="utf-8")
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"

Mode = namedtuple("Mode", "name title options to_file")
BARE = Mode("bare", "bare", None, False)
MODES = (
    Mode("file", "output to a file", "interval=0.2", True),
    Mode("stderr", "output to stderr", "interval=0.2", False),
    Mode("stacks", "stacks=all", "interval=0.2,stacks=all", True),
)


@dataclass
class Run:
    """What was seen of it."""

    status: int = 0
    timed_out: bool = False
    out: str = ""
    err: str = ""
    files: dict = field(default_factory=dict)
    reports: list = field(default_factory=list)
    torn: list = field(default_factory=list)  # files of reports that hold anything else
    waited: list = field(default_factory=list)
    killed: list = field(default_factory=list)
    seconds: float = 0.0


class Place:
    """The folders of one program, the same for all its runs."""

    def __init__(self, scratch, number):
        self.top = pathlib.Path(scratch) / str(number)  # short: sockets stand in there
        self.work, self.home, self.reports = (self.top / name for name in ("work", "home", "reports"))
        self.cache = pathlib.Path(scratch) / "cache"  # what is built once for all
        self.runtime, self.tmp = self.top / "run", self.top / "tmp"

    def make_anew(self, program):
        remove(self.top)
        for folder in (self.top, self.work, self.home, self.reports, self.tmp):
            folder.mkdir()
            folder.chmod(0o755)
        self.runtime.mkdir(mode=0o700)
        self.reports.chmod(0o1777)
        self.tmp.chmod(0o1777)
        for name in program.files.split():
            shutil.copy(next(path for path in (HERE / "inputs" / name, HERE.parent / "programs" / name) if path.exists()), self.work / name)


def remove(folder):
    """Also what a program has locked away from its owner."""
    if not folder.exists():
        return
    for path, _, _ in os.walk(folder):
        os.chmod(path, 0o700)
    shutil.rmtree(folder)


def free_ports(count):
    """Below what the kernel gives to clients."""
    ports = []
    while len(ports) < count:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def libraries(name):
    """Where Debian has a library of that name."""
    return sorted(glob.glob(f"/usr/lib/*-linux-gnu/{name}") + glob.glob(f"/usr/lib/*-linux-gnu/*/{name}")
                  + glob.glob(f"/usr/lib/*/{name}"))  # fmt: skip


def environment(program, mode, place, ours, ports):
    env = {
        "PATH": PATH, "HOME": str(place.home), "LC_ALL": "C.UTF-8", "TZ": "UTC", "USER": "user", "TERM": "xterm",
        "XDG_RUNTIME_DIR": str(place.runtime), "TMPDIR": str(place.tmp), "HERE": str(place.work),
        "REPORTS": str(place.reports), "CACHE": str(place.cache), "PORT": str(ports[0]), "PORT2": str(ports[1]),
    }  # fmt: skip
    preload = [libraries(name)[0] for name in program.before.split()]
    preload += [ours] if mode.options else []
    preload += [libraries(name)[0] for name in program.after.split()]
    if preload:
        env["LD_PRELOAD"] = ":".join(preload)
    if mode.options:
        options = [mode.options]
        if mode.to_file:
            options.append(f"output={place.reports}/%n.%p")
        elif program.only:
            options.append(f"only={program.only}")
        env["TRACKMALLOC_OPTIONS"] = ",".join(options)
    env.update(pair.split("=", 1) for pair in program.env)
    return env


def describe(path):
    """What a file is, in one word that is the same for the same."""
    status = path.lstat()
    kind = stat.filemode(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return f"{kind} -> {os.readlink(path)}"
    if stat.S_ISREG(status.st_mode):
        return kind, path.read_bytes()
    return kind


def tree(folder):
    return {str(path.relative_to(folder)): describe(path) for path in sorted(folder.rglob("*"))}


def read(path):
    return path.read_text(encoding="utf-8", errors="backslashreplace")


def take_reports(run, place, mode):
    if not mode.options:
        return
    if not mode.to_file:
        run.reports = reports.find(run.err)
        return
    for path in sorted(place.reports.iterdir()):
        text = read(path)
        run.reports += reports.find(text)
        if reports.REPORT.sub("", text):
            run.torn.append(path.name)


SUPERVISORS = set()


def supervised(wanted):
    """The supervisor itself has nothing preloaded."""
    with subprocess.Popen([sys.executable, str(HERE / "supervise.py")], text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as supervisor:  # fmt: skip
        SUPERVISORS.add(supervisor)
        said, _ = supervisor.communicate(json.dumps(wanted))
    SUPERVISORS.discard(supervisor)
    return json.loads(said)


def stop_all():
    """Each supervisor ends what it has started."""
    for supervisor in SUPERVISORS:
        supervisor.terminate()


def run(program, mode, place, ours):
    place.make_anew(program)
    ports = free_ports(2)
    out, err = place.top / "out", place.top / "err"
    said = supervised({
        "command": ["/usr/bin/bash", "-c", HELPERS + textwrap.dedent(program.script)],
        "env": environment(program, mode, place, ours, ports),
        "folder": str(place.work), "out": str(out), "err": str(err), "seconds": program.seconds,
    })  # fmt: skip
    result = Run(out=read(out), err=read(err), files=tree(place.work), **said)
    take_reports(result, place, mode)
    for port, name in zip(ports, ("PORT", "PORT2")):
        result.out, result.err = (text.replace(str(port), name) for text in (result.out, result.err))
    return result
