"""Reports in a text: who wrote which, and what is left without them."""

import re
from collections import namedtuple

REPORT = re.compile(
    r">{13} [^\n]* <{11}\ntrackmalloc: (?P<name>[^\n]*)\[(?P<pid>\d+)\] report \d+ \((?P<kind>[a-z]+)\)"
    r".*?(?P<end>\nA peak may be off by at most [^\n]*\n|\Z)",  # the end of a process can cut its last one short
    re.DOTALL,
)
OWN_LINE = re.compile(r"^trackmalloc: [^\n]*\n", re.MULTILINE)

Report = namedtuple("Report", "name pid kind")


def find(text):
    return [Report(match["name"], int(match["pid"]), match["kind"]) for match in REPORT.finditer(text) if match["end"]]


def without(text):
    return OWN_LINE.sub("", REPORT.sub("", text))


def without_lines(text, pattern):
    return OWN_LINE.sub(lambda line: "" if re.search(pattern, line[0]) else line[0], text)
