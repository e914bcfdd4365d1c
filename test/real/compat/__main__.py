"""Programs of Debian's, bare and preloaded in three ways: they must do the same, and be told of.

python3 test/real/compat --library build/libtrackmalloc.so [--only PATTERN] [--jobs 2] [--document FILE]
"""

import argparse
import os
import pathlib
import re
import shutil
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed

import compare
import document
import outcome
import run
import table


def arguments():
    parser = argparse.ArgumentParser(prog="compat", description=__doc__.splitlines()[0])
    parser.add_argument("--library", help="the libtrackmalloc.so to try")
    parser.add_argument("--only", default="", metavar="PATTERN", help="programs whose name it matches")
    parser.add_argument("--mode", default="", metavar="PATTERN", help="modes whose name it matches: file, stderr, stacks")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (default 2)")
    parser.add_argument("--document", metavar="FILE", help="where the table of results goes, if all were run")
    parser.add_argument("--again", action="store_true", help="a second bare run instead: does the table itself hold?")
    parser.add_argument("--show", action="store_true", help="print what the bare runs say")
    parser.add_argument("--keep", action="store_true", help="the folders of the last runs stay")
    parser.add_argument("--list", action="store_true", help="print the programs")
    parser.add_argument("--packages", action="store_true", help="print the packages that this machine lacks")
    return parser.parse_args()


class Slots:
    """Room for so many jobs; one that measures, or needs much, takes several."""

    def __init__(self, count):
        self.count, self.free, self.changed = count, count, threading.Condition()

    def take(self, wanted):
        with self.changed:
            self.changed.wait_for(lambda: self.free >= min(wanted, self.count))
            self.free -= min(wanted, self.count)

    def give(self, wanted):
        with self.changed:
            self.free += min(wanted, self.count)
            self.changed.notify_all()


def modes_of(args):
    if args.again:
        return (run.BARE._replace(title="bare again"),)
    return tuple(mode for mode in run.MODES if re.search(args.mode, mode.name))


def show(program, bare):
    print(f"---- {program.name}: stdout\n{bare.out}---- stderr\n{bare.err}---- {compare.how_it_ended(bare.status)}")
    print(f"files: {sorted(bare.files)[:20]}; killed: {bare.killed}", flush=True)


def tried(program, args, scratch, library):
    result = outcome.Outcome(program)
    result.skipped = outcome.why_not(program)
    if result.skipped:
        return result
    place = run.Place(scratch, table.PROGRAMS.index(program))
    bare = run.run(program, run.BARE, place, library)
    if bare.timed_out:
        result.differences["bare"] = compare.hung(bare)
        return result
    if args.show:
        show(program, bare)
    for mode in modes_of(args):
        if mode.options and mode.name not in program.modes.split():
            continue
        tracked = run.run(program, mode, place, library)
        result.seconds[mode.name] = tracked.seconds
        result.differences[mode.name] = compare.differences(program, mode, bare, tracked)
        if tracked.timed_out:
            break  # it would hang again
    result.seconds["bare"] = bare.seconds
    return result


def say(result):
    print(result.line())
    before = None
    for mode, lines in result.differences.items():
        print("".join(f"    {mode}: {line}\n" for line in (["the same"] if lines and lines == before else lines)), end="", flush=True)
        before = lines


def try_all(args, programs, scratch):
    library = shutil.copy(args.library, pathlib.Path(scratch) / "libtrackmalloc.so")  # where everybody may read it
    os.chmod(library, 0o755)
    pathlib.Path(scratch, "cache").mkdir()
    slots, results = Slots(args.jobs), {}

    def job(program):
        slots.take(program.weight)
        try:
            return tried(program, args, scratch, str(library))
        finally:
            slots.give(program.weight)

    with ThreadPoolExecutor(args.jobs) as pool:
        try:
            for done in as_completed([pool.submit(job, program) for program in programs]):
                result = done.result()
                results[result.program.name] = result
                say(result)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            run.stop_all()
            raise
    return [results[program.name] for program in programs]


def main():
    args = arguments()
    programs = [program for program in table.PROGRAMS if re.search(args.only, program.name)]
    if args.list:
        return print("\n".join(program.name for program in programs))
    if args.packages:
        return print(" ".join(outcome.missing_packages(programs)))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    begun = time.monotonic()
    scratch = tempfile.mkdtemp(prefix="trackmalloc-real-", dir="/tmp")
    os.chmod(scratch, 0o755)
    try:
        results = try_all(args, programs, scratch)
    finally:
        if not args.keep:
            run.remove(pathlib.Path(scratch))
    if args.document and len(programs) == len(table.PROGRAMS) and len(modes_of(args)) == len(run.MODES):
        pathlib.Path(args.document).write_text(document.of(results), encoding="utf-8")
    print(outcome.summary(results, time.monotonic() - begun))
    return 1 if any(result.failed() for result in results) or not results else 0


sys.exit(main())
