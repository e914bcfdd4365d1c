"""What the numbers say: ratios, the Markdown tables, and the project's targets with what was measured."""
import os
import platform
import statistics

SINGLE, THREADS, PROGRAM = "single", "threads", "program"
RATIOS = (SINGLE, THREADS, PROGRAM)
STACKS = ("callers", "depth", "wrapper")
HEADINGS = {SINGLE: "Single-threaded, CPU time", THREADS: "Threads, wall time", PROGRAM: "Real programs, CPU time"}


class Results:
    """values[row name][configuration name][round] = numbers, of which those at the same place belong together"""

    def __init__(self, rows, configurations):
        self.rows, self.configurations = rows, configurations
        self.values = {row.name: {} for row in rows}

    def add(self, row, name, turn, values):
        self.values[row.name].setdefault(name, {})[turn] = values

    def quiet(self, row, name):
        """What it takes when no neighbour disturbs: the lower decile of all."""
        numbers = sorted(number for values in self.values[row].get(name, {}).values() for number in values)
        return numbers[len(numbers) // 10] if numbers else None

    def paired(self, row, name, base, function):
        """The median of function(ours, theirs), of each round."""
        ours, theirs = self.values.get(row, {}).get(name, {}), self.values.get(row, {}).get(base, {})
        return [statistics.median(map(function, ours[turn], theirs[turn])) for turn in ours if turn in theirs]

    def ratio(self, row, name, base="bare"):
        ratios = self.paired(row, name, base, lambda a, b: a / b)
        return statistics.median(ratios) if ratios else None

    def difference(self, row, name, base="bare"):
        differences = self.paired(row, name, base, lambda a, b: a - b)
        return statistics.median(differences) if differences else None

    def spread(self, row, name, base="bare"):
        """Half the distance between the quartiles of the rounds' ratios."""
        ratios = self.paired(row, name, base, lambda a, b: a / b)
        if len(ratios) < 3:
            return None
        low, _, high = statistics.quantiles(ratios, n=4, method="inclusive")
        return (high - low) / 2

    def names(self, *groups):
        return [row.name for row in self.rows if row.group in groups]

    def mean(self, group, name, base="bare"):
        """Geometric mean of the ratios that there are."""
        ratios = [self.ratio(row, name, base) for row in self.names(group)]
        ratios = [ratio for ratio in ratios if ratio is not None]
        return statistics.geometric_mean(ratios) if ratios else None


def shown(value, digits=2):
    return "-" if value is None else f"{value:,.{digits}f}"


def line(cells):
    return "| " + " | ".join(cells) + " |"


def heading(configuration):
    return f"{configuration.name} / {configuration.base}" if configuration.base != "bare" else configuration.name


def table(results, groups, cell):
    # plain jemalloc is only what its profiling is compared with
    columns = [c for c in results.configurations
               if c.name not in ("bare", "jemalloc") and any(group in c.groups for group in groups)]
    yield line(["", "bare"] + [heading(c) for c in columns] + (["± trackmalloc"] if cell is ratio_cell else []))
    yield line(["---"] + ["---:"] * (len(columns) + 1 + (cell is ratio_cell)))
    for group in groups:
        rows = [row for row in results.rows if row.group == group]
        if rows and group in HEADINGS:
            yield line([f"**{HEADINGS[group]}**"] + [""] * (len(columns) + 2))
        for row in rows:
            digits = 0 if (results.quiet(row.name, "bare") or 0) >= 1000 else 1
            cells = [row.title, f"{shown(results.quiet(row.name, 'bare'), digits)} {row.unit}"]
            cells += [cell(results, row, c) for c in columns]
            yield line(cells + ([shown(results.spread(row.name, "trackmalloc"))] if cell is ratio_cell else []))
        if rows and cell is ratio_cell:
            means = [shown(results.mean(group, c.name, c.base)) for c in columns]
            yield line(["*geometric mean*", ""] + means + [""])


def ratio_cell(results, row, configuration):
    return shown(results.ratio(row.name, configuration.name, configuration.base))


def difference_cell(results, row, configuration):
    value = results.difference(row.name, configuration.name, configuration.base)
    return "-" if value is None else f"{value:+,.1f}"


def more_cell(results, row, configuration):
    """Nanoseconds more than the base, and the ratio to it."""
    more = results.difference(row.name, configuration.name, configuration.base)
    ratio = results.ratio(row.name, configuration.name, configuration.base)
    return "-" if more is None else f"{more:+,.1f} ({ratio:.2f})"


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        model = next((text.split(":", 1)[1].strip() for text in file if text.startswith("model name")), model)
    return (f"{model}, {os.cpu_count()} CPUs, Linux {platform.release()}, {os.confstr('CS_GNU_LIBC_VERSION')}, "
            f"load {os.getloadavg()[0]:.1f} at the end")


def target_list(results, report_ms):
    """(what, measured or None, limit, "<=" or ">=", digits, which row it was)"""
    def worst(rows, value, better=max):
        known = [(value(row), row) for row in rows if value(row) is not None]
        return better(known) if known else (None, "")

    def ratio(row):
        return results.ratio(row, "trackmalloc")

    def over_header(row):
        return results.ratio(row, "trackmalloc", "header-only")

    def program_over_header(row):
        ours, header = ratio(row), results.ratio(row, "header-only")
        return ours - header if ours and header else None

    def behind_memusage(row):
        ours, theirs = ratio(row), results.ratio(row, "memusage")
        if not ours or not theirs or max(abs(ours - 1), abs(theirs - 1)) <= 0.03:
            return None
        return ours / theirs

    def throughput(row):
        return 1 / ratio(row) if ratio(row) else None

    def more(row):
        return results.difference(row, "trackmalloc")

    single, threads = results.names(SINGLE), results.names(THREADS)
    young = [row for row in single if row != "aged-1M"]
    yield "tight pair 64 B", ratio("pair-64"), 1.50, "<=", 2, ""
    yield "random replace, 10 k live", ratio("replace-10k"), 1.40, "<=", 2, ""
    yield "geometric mean, single-threaded", results.mean(SINGLE, "trackmalloc"), 1.40, "<=", 2, ""
    value, row = worst(young, over_header)
    yield "each single-threaded row, to header-only", value, 1.30, "<=", 2, row
    yield "blocks that age, to header-only", over_header("aged-1M"), 1.40, "<=", 2, ""
    value, row = worst(threads, throughput, min)
    yield "threaded throughput", value, 0.88, ">=", 2, row
    yield "real programs, mean", results.mean(PROGRAM, "trackmalloc"), 1.04, "<=", 3, ""
    value, row = worst(results.names(PROGRAM), program_over_header)
    yield "each real program, above header-only", value, 0.06, "<=", 3, row
    value, row = worst(results.names(*RATIOS), behind_memusage)
    yield "each row, to memusage", value, 1.00, "<=", 2, row
    yield "bytes a block", more("rss-block"), 16.5, "<=", 1, ""  # half a byte for what else the process does
    yield "hello world, more RSS (KiB)", more("rss-hello"), 512, "<=", 0, ""
    yield "start-up of /bin/true, more (µs)", more("start-up"), 250, "<=", 0, ""
    yield "an idle thread, more RSS (KiB)", more("rss-idle-thread"), 24, "<=", 1, ""
    yield "5,000 call sites, more RSS (KiB)", more("rss-5000-sites"), 1024, "<=", 0, ""
    yield "20,000 more threads, more RSS (KiB)", more("rss-churn"), 64, "<=", 0, ""
    yield "call sites, ns a pair", results.difference("callers-200", "trackmalloc", "callers=off"), 2, "<=", 1, ""
    yield "tm_push and tm_pop, ns", results.quiet("push-pop", "trackmalloc"), 3, "<=", 1, ""
    yield "stacks=all, depth 15, ns an allocation", results.difference("depth-15", "stacks=all"), 60, "<=", 1, ""
    yield "a report, 100 threads, 5,000 sites (ms of CPU)", report_ms, 5, "<=", 2, ""


def verdict(value, limit, sense):
    """As exact as the limit is stated: 1.304 still is 1.30."""
    if value is None:
        return "not measured"
    return "met" if (value <= limit + 0.0005 if sense == "<=" else value >= limit - 0.0005) else "**not met**"


def targets(results, report_ms):
    yield line(["target", "limit", "measured", "", "worst row"])
    yield line(["---", "---:", "---:", "---", "---"])
    for what, value, limit, sense, digits, row in target_list(results, report_ms):
        sign = "at most" if sense == "<=" else "at least"
        yield line([what, f"{sign} {limit:g}", shown(value, digits), verdict(value, limit, sense), row])


def behind(results):
    """Every row that misses a limit of its own, not only the worst."""
    for row in results.rows:
        ours = results.ratio(row.name, "trackmalloc") if row.group in RATIOS else None
        if not ours:
            continue
        memusage, header = results.ratio(row.name, "memusage"), results.ratio(row.name, "header-only")
        if header and row.group == SINGLE:
            over, limit = results.ratio(row.name, "trackmalloc", "header-only"), 1.40 if row.name == "aged-1M" else 1.30
            if over > limit:
                yield f"- {row.title}: {over:.2f} of header-only, limit {limit:.2f}"
        if header and row.group == PROGRAM and ours - header > 0.06:
            yield f"- {row.title}: {ours:.2f}, header-only {header:.2f}"
        if row.group == THREADS and 1 / ours < 0.88:
            yield f"- {row.title}: throughput {1 / ours:.2f} of bare"
        if memusage and ours > memusage and max(abs(ours - 1), abs(memusage - 1)) > 0.03:
            yield f"- {row.title}: {ours:.2f}, memusage {memusage:.2f}"


def markdown(results, rounds, notes, report_ms):
    yield f"Machine: {machine()}."
    yield ""
    yield f"{rounds} interleaved rounds, medians. Ratios to bare glibc of what one operation or one run takes: 1.10 is "
    yield "10 % slower. ± is half the distance between the quartiles of the rounds. Absolute numbers are the lowest decile's."
    for note in notes:
        yield f"Left out: {note}."
    if results.names(*RATIOS):
        yield ""
        yield from table(results, RATIOS, ratio_cell)
    if results.names(*STACKS):
        yield ""
        yield "Call sites and stacks, nanoseconds an allocation and its free more than bare (and the ratio to it); jemalloc's"
        yield "profiling to jemalloc without:"
        yield ""
        yield from table(results, STACKS, more_cell)
    if results.names("memory", "start-up"):
        yield ""
        yield "More than bare:"
        yield ""
        yield from table(results, ("memory", "start-up"), difference_cell)
    if any(c.name == "trackmalloc" for c in results.configurations):
        yield ""
        yield "Targets:"
        yield ""
        yield from targets(results, report_ms)
        misses = list(behind(results))
        if misses:
            yield ""
            yield "Rows that miss:"
            yield ""
            yield from misses
