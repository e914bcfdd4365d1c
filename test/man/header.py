"""What include/trackmalloc.h declares, as text: for comparing with the manual."""

import re

# How the header does its work; no program calls them.
INTERNAL = {"tm_library", "tm_scope_ends", "tm_started", "trackmalloc::inheriting"}
INTERNAL_STRUCTS = {"tm_start", "tm_functions"}


def normalized(code):
    """The same for what differs in blanks, and in line breaks, only."""
    return re.sub(r" ?([^\w ]) ?", r"\1", " ".join(code.split()))


def without_comments(code):
    return re.sub(r"/\*.*?\*/", " ", code, flags=re.DOTALL)


def definitions(code):
    """Structs and enums with a name: name to definition."""
    found = re.findall(r"^((?:struct|enum) (tm_\w+) \{.*?\});", without_comments(code), re.MULTILINE | re.DOTALL)
    return {name: normalized(body) for body, name in found}


class Header:
    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            self.text = without_comments(file.read())
        self.code = re.sub(r'extern "C"( \{)?', "", re.sub(r"^ *#(.*\\\n)*.*$", "", self.text, flags=re.MULTILINE))
        self.identifiers = set(re.findall(r"[A-Za-z_]\w*", self.text))
        self.constants = set(re.findall(r"\bTM_[A-Z_]+(?= = -?\d)", self.code))
        self.constants |= set(re.findall(r"[{,] (TM_[A-Z_]+)\b", self.code))
        self.structs = definitions(self.text)
        self.prototypes = self._prototypes()
        self.cxx = self._cxx()
        self.public = (set(self.prototypes) | self.cxx) - INTERNAL

    def _prototypes(self):
        """Name to prototype; of a macro that takes arguments, to a call."""
        found = re.findall(r"^TM_CALL(?:_BLOCK)? ([^;{}]+);", self.code, re.MULTILINE)
        found += re.findall(r"^static inline ([^;{}]+?)\s*\{", self.code, re.MULTILINE)
        found += re.findall(r"^ *(const struct \w+ \*\s*\w+\(void\));", self.code, re.MULTILINE)
        found += re.findall(r"^#define (tm_\w+\(.*?\))", self.text, re.MULTILINE)
        return {re.search(r"(\w+)\(", code)[1]: normalized(code) for code in found}

    def _cxx(self):
        inside = self.code[self.code.index("namespace trackmalloc") :]
        names = re.findall(r"^(?:template <.*> )?class (\w+)", inside, re.MULTILINE)
        names += re.findall(r"^template <.*> [^\n]* (\w+)\(", inside, re.MULTILINE)
        return {"trackmalloc::" + name for name in names}

    def members(self):
        """The functions in the table, as a program calls them."""
        body = re.search(r"^struct tm_functions \{(.*?)^\};", self.code, re.MULTILINE | re.DOTALL)[1]
        return {"tm_" + name.rstrip("_") for name in re.findall(r"\(\*(\w+)\)\(", body)}
