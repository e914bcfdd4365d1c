"""What is compared: bare glibc, the two yardsticks, trackmalloc, and the peers that are installed."""
import glob
import os
import shutil
import subprocess
from dataclasses import dataclass, field

import run


@dataclass
class Configuration:
    name: str
    environment: dict = field(default_factory=dict)
    base: str = "bare"                  # what its ratios are taken to
    groups: tuple = ("single", "threads", "program", "memory", "start-up")  # of rows
    skip: tuple = ()                    # rows that say nothing here
    rounds: int = 1000                  # at most


# Of these, the first that exists.
LIBRARY_PLACES = ("/lib/*-linux-gnu", "/usr/lib/*-linux-gnu", "/lib64", "/usr/lib64", "/usr/lib", "/usr/local/lib")
TRACES = "traces"  # what heaptrack leaves in the scratch directory
TIMED = ("single", "threads", "start-up", "memory")
STACKED = ("depth", "wrapper")  # rows in which whole stacks are taken


def find_library(pattern):
    for place in LIBRARY_PLACES:
        for path in sorted(glob.glob(os.path.join(place, pattern))):
            if elf_is_64_bit(path):
                return path
    return None


def elf_is_64_bit(path):
    with open(path, "rb") as file:
        return file.read(5) == b"\x7fELF\x02"


def jemalloc_has_profiling(path):
    """Built without it, jemalloc calls the option an invalid pair."""
    said = subprocess.run(["/bin/true"], env={"LD_PRELOAD": path, "MALLOC_CONF": "prof:true"}, stderr=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, check=False).stderr
    return b"Invalid conf" not in said


def peers(scratch):
    """(configurations, sentences about those that are missing)"""
    found, missing = [], []
    memusage = find_library("libmemusage.so")
    if memusage:
        # it does not see aligned allocations
        found.append(Configuration("memusage", {"LD_PRELOAD": memusage}, skip=("memalign-64",)))
    else:
        missing.append("memusage is not installed (Debian: libc-devtools)")

    heaptrack = find_library("heaptrack/libheaptrack_preload.so")
    if heaptrack:
        # $$ is replaced by heaptrack with the process id. Its second process, which interprets the trace, is left
        # out: that is in its favour. It does not follow into children: gcc and git do all work there. A million blocks
        # and their trace take too long
        found.append(Configuration("heaptrack", {"LD_PRELOAD": heaptrack, "DUMP_HEAPTRACK_OUTPUT": f"{scratch}/{TRACES}/$$"},
                                   groups=Configuration.groups + STACKED,
                                   skip=("aged-1M", "replace-1M", "gcc", "git"), rounds=1))
    else:
        missing.append("heaptrack is not installed")

    jemalloc = find_library("libjemalloc.so.2")
    if not jemalloc:
        missing.append("jemalloc is not installed (Debian: libjemalloc2)")
    elif not jemalloc_has_profiling(jemalloc):
        missing.append("jemalloc is built without profiling")
    else:
        profiling = "prof:true,prof_active:true,lg_prof_sample:"  # the logarithm of 512 KiB, and of one byte
        found.append(Configuration("jemalloc", {"LD_PRELOAD": jemalloc}, groups=TIMED + STACKED, rounds=3))
        found.append(Configuration("jemalloc prof", {"LD_PRELOAD": jemalloc, "MALLOC_CONF": profiling + "19"},
                                   base="jemalloc", groups=TIMED + STACKED, rounds=3))
        found.append(Configuration("jemalloc prof all", {"LD_PRELOAD": jemalloc, "MALLOC_CONF": profiling + "0"},
                                   base="jemalloc", groups=STACKED, rounds=1))
    return found, missing


def ours(build, library, options, scratch):
    found = [Configuration("bare", groups=Configuration.groups + STACKED + ("callers",)),
             Configuration("pass-only", {"LD_PRELOAD": f"{build}/pass_only.so"}),
             Configuration("header-only", {"LD_PRELOAD": f"{build}/header_only.so"})]
    if not os.path.exists(library):
        return found, [f"trackmalloc is not built ({library})"]
    # a copy, so that a build in the meantime changes nothing
    copy = shutil.copy(library, os.path.join(scratch, "libtrackmalloc.so"))

    def with_options(more):
        return {"LD_PRELOAD": copy, "TRACKMALLOC_OPTIONS": ",".join(filter(None, (options, more)))}

    everywhere = Configuration.groups + STACKED + ("callers",)
    return found + [Configuration("trackmalloc", with_options(""), groups=everywhere),
                    Configuration("callers=off", with_options("callers=off"), groups=STACKED + ("callers",)),
                    Configuration("skip=xmalloc", with_options("skip=xmalloc"), groups=("wrapper",)),
                    Configuration("stacks=512KiB", with_options("stacks=512KiB"), groups=STACKED),
                    Configuration("stacks=all", with_options("stacks=all"), groups=STACKED)], []


def broken(configuration):
    """None, or why nothing can be measured with it."""
    environment = run.clean_environment(configuration.environment)
    status = subprocess.run(["/bin/true"], env=environment, stderr=subprocess.DEVNULL, check=False).returncode
    return f"{configuration.name}: /bin/true ends with {status}" if status else None
