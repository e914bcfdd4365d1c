#!/usr/bin/env python3
"""Compares trackmalloc with bare glibc, with the least that an interposer can do, and with its peers.

Every round measures every row; the configurations take turns inside a row (rows.py tells how), so that whatever slows
the machine for a while slows all of them. See doc/performance.md for what came out.
"""
import argparse
import os
import re
import shutil
import sys
import tempfile

import configurations
import programs
import rows
import run
import summary


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", default="build/test/bench", help="where the benchmark programs are")
    parser.add_argument("--library", default="build/libtrackmalloc.so")
    parser.add_argument("--options", default="output=none,interval=5", help="TRACKMALLOC_OPTIONS")
    parser.add_argument("--rounds", type=int, help="default: 5, quick: 3")
    parser.add_argument("--slices", type=int, help="of a row and round; default: 40, quick: 12")
    parser.add_argument("--only", default="", metavar="REGEX", help="rows whose name matches")
    parser.add_argument("--with", dest="chosen", default="", metavar="REGEX", help="configurations besides bare")
    parser.add_argument("--quick", action="store_true", help="neither real programs nor heaptrack and jemalloc")
    parser.add_argument("--pin", default="last", metavar="CPU", help="where single-threaded rows run; none: anywhere")
    parser.add_argument("--output", metavar="FILE", help="write the tables there, too")
    options = parser.parse_args()
    options.build = os.path.abspath(options.build)
    options.rounds = options.rounds or (3 if options.quick else 5)
    options.slices = options.slices or (12 if options.quick else 40)
    return options


def pinned(choice):
    """The last processor unless told otherwise: the first ones serve most interrupts."""
    if choice == "none":
        return None
    return {max(os.sched_getaffinity(0)) if choice == "last" else int(choice)}


def choose_configurations(options, scratch):
    """(configurations, sentences about those that are left out)"""
    found, notes = configurations.ours(options.build, options.library, options.options, scratch)
    more, missing = configurations.peers(scratch)
    if options.quick and not options.chosen:
        more, missing = [c for c in more if c.name == "memusage"], []
    usable = []
    for configuration in found + more:
        if configuration.name != "bare" and not re.search(options.chosen, configuration.name):
            continue
        broken = configurations.broken(configuration)
        if broken:
            notes.append(broken)
        else:
            usable.append(configuration)
    return usable, notes + missing


def choose_rows(options, cpus):
    """(rows, sentences about what cannot run here)"""
    found, missing = list(rows.micro_rows(options.build, options.slices, cpus)), []
    for program in [] if options.quick else programs.programs(options.build):
        try:
            program.prepare()
            found.append(rows.Program(program, cpus))
        except run.Failed as failure:
            missing.append(str(failure))
    return [row for row in found if re.search(options.only, row.name)], missing


def empty(directory):
    """Traces of heaptrack's; they would fill the disk."""
    for entry in os.scandir(directory):
        os.unlink(entry.path)


def measure_round(results, turn, notes, scratch):
    for row in results.rows:
        for part in range(row.weight):
            number = turn * row.weight + part
            taking_part = [c for c in rows.rotated(results.configurations, number)
                           if number < c.rounds and row.group in c.groups and row.name not in c.skip]
            for name, values in row.measure(taking_part).items():
                if isinstance(values, run.Failed):
                    notes.setdefault(f"{row.name} with {name}: {values}")
                else:
                    results.add(row, name, number, values)
            empty(os.path.join(scratch, configurations.TRACES))


def report_cost(options, usable, notes, scratch):
    """CPU milliseconds a report, in a process of 100 threads that have each used 5,000 call sites."""
    tracker = next((c for c in usable if c.name == "trackmalloc"), None)
    if not tracker or not re.search(options.only, "reports"):
        return None
    path = os.path.join(scratch, "reports")
    environment = {**tracker.environment, "TRACKMALLOC_OPTIONS": f"output={path},interval=0.1,final=off"}
    try:
        spent = run.number([f"{options.build}/memory", "reports"], environment)
        with open(path, encoding="utf-8", errors="replace") as file:
            count = sum("(periodic)" in line for line in file)
        return spent / 1e6 / count
    except (run.Failed, OSError, ZeroDivisionError) as failure:
        notes.setdefault(f"the cost of a report: {failure}")
        return None


def main():
    options = arguments()
    cpus = pinned(options.pin)
    scratch = tempfile.mkdtemp(prefix="trackmalloc-bench-")
    os.mkdir(os.path.join(scratch, configurations.TRACES))
    try:
        usable, missing = choose_configurations(options, scratch)
        chosen, more_missing = choose_rows(options, cpus)
        notes = dict.fromkeys(missing + more_missing)  # sentences, each once
        results = summary.Results(chosen, usable)
        for turn in range(options.rounds):
            print(f"round {turn + 1} of {options.rounds}", file=sys.stderr, flush=True)
            measure_round(results, turn, notes, scratch)
        report_ms = report_cost(options, usable, notes, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    text = "\n".join(summary.markdown(results, options.rounds, notes, report_ms)) + "\n"
    print(text, end="")
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
