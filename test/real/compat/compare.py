"""What differs between a bare run and a tracked one."""

import difflib
import fnmatch
import re
import signal

import reports

SHOWN = 24  # lines of a difference


def scrub(text, program):
    for pattern, by in program.scrub:
        text = re.sub(pattern, by, text, flags=re.MULTILINE)
    return "".join(sorted(text.splitlines(True))) if program.sorted else text


def shorten(lines):
    lines = [line if len(line) < 300 else line[:300] + "…" for line in lines]
    return lines[:SHOWN] + ([f"… and {len(lines) - SHOWN} lines more"] if len(lines) > SHOWN else [])


def differing(what, bare, tracked):
    if bare == tracked:
        return []
    lines = difflib.unified_diff(bare.splitlines(), tracked.splitlines(), "bare", "tracked", lineterm="", n=1)
    return shorten([f"{what} differs", *lines])


def how_it_ended(status):
    number = status & 127
    return f"by {signal.Signals(number).name}" if number else f"with status {status >> 8}"


def contents(one):
    """A file's bytes as text, or what else it is."""
    if isinstance(one, tuple):
        return one[1].decode("utf-8", errors="backslashreplace")
    return str(one)


def kind(one):
    return one[0] if isinstance(one, tuple) else one


def files_differ(program, mode, bare, tracked):
    globs = program.ignore.split()
    said = differing("the list of files", *("".join(f"{kind(run.files[name])} {name}\n" for name in sorted(run.files)
                     if not any(fnmatch.fnmatch(name, f"{glob}/*") for glob in globs)) for run in (bare, tracked)))  # fmt: skip
    for name, one in bare.files.items():
        other = tracked.files.get(name)
        if other is None or one == other or any(fnmatch.fnmatch(name, glob) for glob in globs):
            continue
        text, other_text = contents(one), contents(other)
        if not mode.to_file:
            other_text = reports.without(other_text)
        said += differing(f"the file {name}", scrub(text, program), scrub(other_text, program))
    return said


def own_stderr(program, mode, run):
    if not mode.to_file:
        return reports.without(run.err)
    if program.says or program.untracked:
        return reports.without_lines(run.err, program.says)
    return run.err


def unseen(program, names):
    """Whose reports are not looked for on stderr."""
    only = program.only.split(":")
    left_out = {name for name in names if program.only and not any(fnmatch.fnmatch(name, glob) for glob in only)}
    return left_out | set(program.mute.split())


def missing_reports(program, mode, run):
    """Who should have told something, and has not."""
    if not mode.options:
        return []
    exits = {one.name for one in run.reports if one.kind == "exit"}
    any_kind = {one.name for one in run.reports}
    wanted = [(name, "exit report", exits) for name in program.tells.split()]
    wanted += [(name, "report", any_kind) for name in program.periodic.split()]
    silent = [] if mode.to_file else unseen(program, {name for name, _, _ in wanted})
    told = ", ".join(sorted(f"{one.name} ({one.kind})" for one in set(one._replace(pid=0) for one in run.reports)))
    return [f"no {what} of {name}; there are {told or 'none'}" for name, what, there in wanted
            if name not in there and name not in silent]  # fmt: skip


def hung(run, beside=""):
    return shorten([f"it hung: {run.seconds} s{beside}; who waited, and in what:", *run.waited])


def differences(program, mode, bare, tracked):
    if tracked.timed_out:
        return hung(tracked, f", {bare.seconds} s bare")
    said = []
    if bare.status != tracked.status:
        said.append(f"it ended {how_it_ended(tracked.status)}, bare {how_it_ended(bare.status)}")
    said += differing("stdout", scrub(bare.out, program), scrub(tracked.out, program))
    said += differing("stderr", scrub(bare.err, program), scrub(own_stderr(program, mode, tracked), program))
    said += files_differ(program, mode, bare, tracked)
    said += [f"{name} holds more than whole reports" for name in tracked.torn]
    if left := sorted(set(tracked.killed) - set(bare.killed)):
        said.append(f"it left behind, and they had to be killed: {', '.join(left)}")
    return said + missing_reports(program, mode, tracked)
