"""doc/compatibility.md, out of the results of a whole run."""


def of(results):
    return ""
