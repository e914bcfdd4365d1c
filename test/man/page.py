"""A manual page's source, taken apart."""

import re

ESCAPES = {r"\-": "-", r"\e": "\\", r"\(aq": "'", r"\(ga": "`", r"\(ha": "^", r"\(ti": "~", r"\&": "",
           r"\(lq": '"', r"\(rq": '"', r"\(bu": "-"}  # fmt: skip


def unescaped(text):
    text = re.sub(r"\\f.", "", text)
    return re.sub(r"\\(\(..|.)", lambda escape: ESCAPES.get(escape[0], escape[0]), text)


def said(line):
    """What a line shows: of a request that sets words, these."""
    if not line.startswith("."):
        return unescaped(line)
    request, *arguments = re.findall(r'"[^"]*"|\S+', line)
    if request not in (".SH", ".SS", ".B", ".I", ".BR", ".BI", ".IR"):
        return ""
    joint = "" if request in (".BR", ".BI", ".IR") else " "
    return unescaped(joint.join(argument.strip('"') for argument in arguments))


class Page:
    def __init__(self, path):
        self.path, self.file = path, path.name
        self.title, self.section = path.name.rsplit(".", 1)
        self.lines = path.read_text(encoding="utf-8").splitlines()
        self.sections = self._sections()
        self.alias = self.lines[0].startswith(".so ")

    def _sections(self):
        """Title to lines, in their order."""
        sections, lines = {}, []
        for line in self.lines:
            if line.startswith(".SH "):
                lines = sections[line[4:]] = []
            else:
                lines.append(line)
        return sections

    def names(self):
        return re.split(r", *", unescaped(" ".join(self.sections["NAME"])).split(" - ")[0])

    def text(self):
        return "\n".join(said(line) for line in self.lines)

    def blocks(self, title=None):
        """What stands between .EX and .EE, unescaped, in that section or in all."""
        lines = self.lines if title is None else self.sections.get(title, [])
        found = re.findall(r"^\.EX\n(.*?)^\.EE$", "\n".join(lines), re.MULTILINE | re.DOTALL)
        return [unescaped(block) for block in found]

    def synopsis(self):
        """Its code, but for directives and types: what is C, and what is C++."""
        code = "\n".join(self.sections["SYNOPSIS"]).split("\n.fi")[0]
        lines = [said(line) for line in code.splitlines()]
        c, _, cxx = "\n".join(line for line in lines if not line.startswith(("#", "typedef"))).partition("// C++")
        return c, cxx
