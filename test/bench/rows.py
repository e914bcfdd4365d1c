"""The rows of the comparison: what is measured, in which unit, and how one number comes about.

The machines that this runs on are shared: what an operation takes doubles for milliseconds or seconds when a neighbour
computes. So the configurations take turns as closely as can be, and only their ratios are kept. Measured on such a
machine, bare glibc to itself: a process after another, off by up to 15 %; as below, by less than 1 %.

A row's measure(configurations) gives {configuration name: list of numbers, or run.Failed}; the numbers at the same place
of two lists belong together.
"""
import run


class Sliced:
    """A process for each configuration, all alive at once; each in turn measures a slice of some milliseconds while the
    others wait."""

    def __init__(self, name, group, title, unit, command, slices, cpus=None, environment_as_arguments=False):
        self.name, self.group, self.title, self.unit = name, group, title, unit
        self.command, self.slices, self.cpus = command, slices, cpus
        self.as_arguments = environment_as_arguments
        self.weight = 1

    def start(self, configuration):
        if self.as_arguments:
            child = [f"{name}={value}" for name, value in configuration.environment.items()]
            return run.Slices([*self.command, *child, "--", "/bin/true"], {}, self.cpus)
        return run.Slices(self.command, configuration.environment, self.cpus)

    def measure(self, configurations):
        processes = {c.name: self.start(c) for c in configurations}
        results = {name: [] for name in processes}
        try:
            for turn in range(-1, self.slices):  # the first one makes what the others work on
                for name in rotated(list(processes), turn):
                    try:
                        value = processes[name].measure()
                    except run.Failed as failure:
                        results[name] = failure
                        del processes[name]
                        continue
                    if turn >= 0:
                        results[name].append(value)
        finally:
            for process in processes.values():
                process.close()
        return results


class Single:
    """A process for each configuration, one after another, one number each: bytes do not mind the neighbours."""

    def __init__(self, name, group, title, unit, command, scale):
        self.name, self.group, self.title, self.unit = name, group, title, unit
        self.command, self.scale, self.weight = command, scale, 1

    def measure(self, configurations):
        results = {}
        for configuration in configurations:
            try:
                results[configuration.name] = [run.number(self.command, configuration.environment) / self.scale]
            except run.Failed as failure:
                results[configuration.name] = failure
        return results


class Program:
    """A real program, with all configurations at once on one processor: the kernel lets them take turns every few
    milliseconds. CPU time, with children."""
    group, unit, weight = "program", "ms", 2

    def __init__(self, program, cpus):
        self.name = self.title = program.name
        self.program, self.cpus = program, cpus

    def measure(self, configurations):
        results = self.program.measure({c.name: c.environment for c in configurations}, self.cpus)
        return {name: value if isinstance(value, run.Failed) else [value * 1e3] for name, value in results.items()}


def rotated(names, turn):
    """Each comes first in its turn, so that none always runs behind the same other one."""
    shift = turn % len(names) if names else 0
    return names[shift:] + names[:shift]


SINGLE = [
    ("pair-16", "micro", "tight pair 16 B"),
    ("pair-64", "micro", "tight pair 64 B"),
    ("pair-1024", "micro", "tight pair 1,024 B"),
    ("pair-100000", "micro", "tight pair 100,000 B"),
    ("replace-10k", "micro", "random replace, 10 k live"),
    ("replace-1M", "micro", "random replace, 1 M live"),
    ("fifo-10k", "micro", "FIFO, 10 k live"),
    ("aged-1M", "micro", "blocks that age, 1 M live"),
    ("realloc-double", "micro", "realloc doubling"),
    ("realloc-by-16", "micro", "realloc by 16 B"),
    ("calloc-64", "micro", "calloc 64 B"),
    ("calloc-1000", "micro", "calloc 1,000 B"),
    ("memalign-64", "micro", "posix_memalign 64"),
    ("new-delete-64", "micro_cxx", "C++ new, delete 64 B"),
    ("std-map", "micro_cxx", "std::map insert, erase"),
    ("sites-200", "micro", "200 call sites"),
    ("sites-5000", "micro", "5,000 call sites"),
]
THREADS = [
    ("server-2", "server, 2 threads"),
    ("server-8", "server, 8 threads"),
    ("pipe", "producer, consumer"),
    ("churn", "thread churn"),
]
MEMORY = [
    ("rss-block", "RSS a block, 1 M of 64 B", "B", 1),
    ("rss-hello", "RSS of hello world", "KiB", 1024),
    ("rss-idle-thread", "RSS an idle thread, of 500", "KiB", 1024),
    ("rss-5000-sites", "RSS of 5,000 call sites", "KiB", 1024),
    ("rss-churn", "RSS after 20,000 more threads", "KiB", 1024),
]
CALLERS = [
    ("callers-pair-64", "pair-64", "tight pair 64 B, one call site"),
    ("callers-200", "sites-200", "200 call sites"),
    ("callers-5000", "sites-5000", "5,000 call sites"),
]
TAGGING = [
    ("push-pop", "tm_push and tm_pop"),
    ("pair-untagged", "pair 64 B, in no scope"),
    ("pair-in-scope", "pair 64 B, in a scope"),
    ("scope-pair", "pair 64 B, a scope for each"),
    ("pair-for-tag", "tm_malloc 64 B and free"),
]
DEPTH = [
    ("depth-5", "depth", "pair, 5 deep"),
    ("depth-15", "depth", "pair, 15 deep"),
    ("depth-40", "depth", "pair, 40 deep"),
    ("depth-5-fifo", "depth", "FIFO, 5 deep"),
    ("depth-15-fifo", "depth", "FIFO, 15 deep"),
    ("depth-40-fifo", "depth", "FIFO, 40 deep"),
    ("depth-15-wrapper", "wrapper", "pair, 15 deep, behind xmalloc"),
]
SLICE, THREAD_SLICE = "0.004", "0.02"  # seconds: short beside what a neighbour's bursts last


def micro_rows(build, slices, cpus):
    """cpus: where single-threaded ones run."""
    for name, program, title in SINGLE:
        yield Sliced(name, "single", title, "ns", [f"{build}/{program}", name, SLICE, "-"], slices, cpus)
    for name, title in THREADS:
        yield Sliced(name, "threads", title, "ns", [f"{build}/threads", name, THREAD_SLICE, "-"], slices // 2)
    for name, case, title in CALLERS:
        yield Sliced(name, "callers", title, "ns", [f"{build}/micro", case, SLICE, "-"], slices // 2, cpus)
    for name, title in TAGGING:
        yield Sliced(name, "callers", title, "ns", [f"{build}/tagging", name, SLICE, "-"], slices // 2, cpus)
    for name, group, title in DEPTH:
        yield Sliced(name, group, title, "ns", [f"{build}/depth", name, SLICE, "-"], slices // 2, cpus)
    for name, title, unit, scale in MEMORY:
        yield Single(name, "memory", title, unit, [f"{build}/memory", name], scale)
    # the driver itself runs bare; only what it spawns is preloaded
    yield Sliced("start-up", "start-up", "start-up of /bin/true", "µs", [f"{build}/startup", "10"], slices // 2, cpus,
                 environment_as_arguments=True)
    yield Sliced("fork", "start-up", "fork, exit, wait", "µs", [f"{build}/micro", "fork", SLICE, "-"], slices // 2, cpus)
