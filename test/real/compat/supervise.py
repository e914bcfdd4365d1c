"""Runs a command in a session of its own, until it ends or its seconds have passed.

What to run comes as JSON on stdin, how it went goes as JSON to stdout. Whatever the command has left behind, also in
other sessions, ends with it: orphans become our children.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
GRACE = 3.0  # for what was told to end and still writes its last words


def prctl(option, value):
    ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def children_by_parent():
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                    state, parent = stat.read().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state != "Z":
                found.setdefault(int(parent), []).append(int(name))
    return found


def descendants():
    tree, found, next_ones = children_by_parent(), [], [os.getpid()]
    while next_ones:
        next_ones = [child for pid in next_ones for child in tree.get(pid, [])]
        found += next_ones
    return found


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as comm:
            return comm.read().strip()
    except OSError:
        return "?"


def reap():
    """Returns the statuses of the children that have ended."""
    ended = {}
    try:
        while True:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return ended
            ended[pid] = status
    except ChildProcessError:
        return ended


def end_all():
    """Returns the names of those that had to be killed."""
    until = time.monotonic() + GRACE
    while descendants() and time.monotonic() < until:
        reap()
        time.sleep(0.02)
    killed = []
    while left := descendants():
        for pid in left:
            killed.append(name_of(pid))
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)
        reap()
    reap()
    return sorted(set(killed))


def kill_now(*_):
    global GRACE
    GRACE = 0.0
    end_all()
    sys.exit(1)


def what_they_wait_for():
    """For the one who reads that it hung: each process, and where its threads are in the kernel."""
    said = []
    for pid in descendants():
        try:
            for thread in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{thread}/wchan", encoding="utf-8") as wchan:
                    said.append(f"{name_of(pid)}[{pid}] {wchan.read()}")
        except OSError:
            pass
    return said


def start(wanted):
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    out, err = (os.open(wanted[name], flags, 0o600) for name in ("out", "err"))
    child = subprocess.Popen(wanted["command"], env=wanted["env"], cwd=wanted["folder"], stdin=subprocess.DEVNULL,
                             stdout=out, stderr=err, start_new_session=True)  # fmt: skip
    os.close(out)
    os.close(err)
    return child


def main():
    global GRACE
    prctl(PR_SET_CHILD_SUBREAPER, 1)
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, kill_now)
    wanted = json.load(sys.stdin)
    result = {"status": None, "timed_out": False, "waited": []}
    begun = time.monotonic()
    child = start(wanted)
    while result["status"] is None:
        result["status"] = reap().get(child.pid)
        if result["status"] is None and time.monotonic() - begun > wanted["seconds"]:
            result.update(timed_out=True, status=-1, waited=what_they_wait_for())
            GRACE = 0.0
        time.sleep(0.01)
    result["seconds"] = round(time.monotonic() - begun, 2)
    result["killed"] = end_all()
    json.dump(result, sys.stdout)


main()
