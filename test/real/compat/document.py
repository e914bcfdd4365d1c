"""doc/compatibility.md, out of the results of a whole run."""

import os
import platform

import outcome
import run
import table

HEAD = """\
# Programs that were tested

`make real` wrote this page: {count} programs of {system} (Linux {kernel}, {who}),
each run without the library (bare) and then with it in three ways: reports to a file, reports to stderr, and with
`stacks=all`, every 0.2 s and at exit. *Same* means: the same stdout, the same stderr (without the reports), the same
exit status, the same files with the same contents, and no process left running; and there is a report of each program
that is checked. What differs from run to run anyway (process ids, times) is left out of the comparison. Child processes
have the library, too.

{verdict}
"""

TAIL = """
## What cannot be tracked

These run as they do without the library, and nothing is counted:

{untracked}
- A static program, a setuid or setgid program of another user, and a 32-bit one: the loader does not preload the library into them.
- A program with gcc's shared AddressSanitizer (`-fsanitize=address` without `-static-libasan`) refuses to start, as its
  runtime wants to be the first library. `trackmalloc run` says so beforehand.

## What reports lack, or what is different

{limits}
"""

NOT_RUN = """
## What was not run here

{skipped}
"""

FAILURES = """
## What differs

{failures}
"""


def system():
    try:
        with open("/etc/os-release", encoding="utf-8") as release:
            names = dict(line.rstrip().split("=", 1) for line in release if "=" in line)
        return names["PRETTY_NAME"].strip('"')
    except (OSError, KeyError):
        return "this system"


def cell(result, mode):
    if mode.name not in result.differences:
        return "-"
    if result.differences[mode.name]:
        return "**differs**"
    return "same, not tracked" if result.program.untracked else "same"


def row(result):
    version = outcome.version(result.program)
    cells = [result.program.name, version, result.program.does, *(cell(result, mode) for mode in run.MODES)]
    return "| " + " | ".join(cells) + " |\n"


def section(part, results):
    rows = "".join(row(results[program.name]) for program in part.PROGRAMS if not results[program.name].skipped)
    titles = " | ".join(mode.title for mode in run.MODES)
    head = f"| program | package's version | what it did | {titles} |\n|---|---|---|---|---|---|\n"
    return f"\n## {part.__doc__.strip().rstrip('.')}\n\n{head}{rows}" if rows else ""


def lines(results, what):
    return "".join(f"- {result.program.name}: {what(result)}.\n" for result in results if what(result))


def first_change(found):
    """What differs, and the first line that does."""
    changed = [line for line in found[1:] if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    return f"{found[0]} (`{changed[0][:120]}`)" if changed else found[0]


def first_differences(result):
    return "; ".join(f"{mode}: {first_change(found)}" for mode, found in result.differences.items() if found)


def of(results):
    ran = [result for result in results if not result.skipped]
    failed = [result for result in ran if result.failed()]
    by_name = {result.program.name: result for result in results}
    verdict = "All of them do the same." if not failed else f"{len(failed)} of them do not do the same; they are listed at the end."
    text = HEAD.format(count=len(ran), system=system(), kernel=platform.release().split("-")[0], verdict=verdict,
                       who="as root" if os.geteuid() == 0 else "as an ordinary user")  # fmt: skip
    text += "".join(section(part, by_name) for part in table.PARTS)
    text += TAIL.format(untracked=lines(ran, lambda result: result.program.untracked).rstrip("\n"),
                        limits=lines(ran, lambda result: result.program.limit).rstrip("\n"))  # fmt: skip
    if skipped := lines(results, lambda result: result.skipped):
        text += NOT_RUN.format(skipped=skipped.rstrip("\n"))
    if failed:
        text += FAILURES.format(failures=lines(failed, first_differences).rstrip("\n"))
    return text
