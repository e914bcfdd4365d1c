"""Python code that says what its memory is for: `with tagged("parser"): ...`

The library is reached through ctypes, in the process itself; where it was not preloaded, nothing happens. CPython keeps
objects of up to 512 bytes in arenas of its own, which it takes by mmap; run it with PYTHONMALLOC=malloc to have those
counted as well.

    LD_PRELOAD=$PWD/build/libtrackmalloc.so python3 test/examples/tagged.py
"""

import contextlib
import ctypes
import functools
import sys

TM_OK = 0


class Counts(ctypes.Structure):
    """struct tm_counts"""

    _fields_ = [(name, ctypes.c_uint64) for name in (
        "live_blocks", "live_bytes", "allocated_blocks", "allocated_bytes", "freed_blocks", "freed_bytes")]


class TagInfo(ctypes.Structure):
    """struct tm_tag_info, its beginning: the library fills in what fits into struct_size."""

    _fields_ = [("struct_size", ctypes.c_size_t), ("counts", Counts), ("peak_bytes", ctypes.c_uint64)]


class Functions(ctypes.Structure):
    """struct tm_functions, its beginning: it only ever grows, at its end."""

    _fields_ = [
        ("size", ctypes.c_size_t),
        ("tag_register", ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_char_p, ctypes.POINTER(ctypes.c_int))),
        ("tag_count", ctypes.CFUNCTYPE(ctypes.c_uint32)),
        ("tag_name", ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_uint32)),
        ("push", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32)),
        ("pop", ctypes.CFUNCTYPE(ctypes.c_int)),
        ("depth", ctypes.CFUNCTYPE(ctypes.c_int)),
        ("restore", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)),
        ("enter", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32)),
        ("current", ctypes.CFUNCTYPE(ctypes.c_uint32)),
    ] + [(name, ctypes.c_void_p) for name in (
        "malloc", "calloc", "aligned_alloc", "strdup", "realloc", "retag", "ask", "site_name")] + [
        ("tag_stats", ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint32, ctypes.c_uint, ctypes.POINTER(TagInfo))),
    ]


@functools.cache
def library():
    """The table of functions; None: the library is not there, or does not track this process."""
    try:
        functions = ctypes.CDLL(None).tm_functions
    except AttributeError:
        return None
    functions.restype = ctypes.POINTER(Functions)
    table = functions()
    return table.contents if table and table.contents.size >= ctypes.sizeof(Functions) else None


@functools.cache
def tag(name):
    return library().tag_register(name.encode(), None)


@contextlib.contextmanager
def tagged(name):
    """What this thread allocates inside is that tag's. No `await` or `yield` inside: others then have the thread."""
    if library() is None:
        yield
        return
    depth = library().enter(tag(name))
    try:
        yield
    finally:
        library().restore(depth)


def counted(name):
    """What the library counts for a tag, as text."""
    info = TagInfo(struct_size=ctypes.sizeof(TagInfo))
    if library() is None or library().tag_stats(tag(name), 0, info) != TM_OK:
        return "not tracked"
    return f"{info.counts.live_blocks} blocks, {info.counts.live_bytes} bytes"


def report(name, objects):
    """Objects above 512 bytes are blocks of their own, as large as Python says."""
    held = sum(map(sys.getsizeof, objects))
    print(f"{name}: {len(objects)} blocks, {held} bytes (trackmalloc: {counted(name)})")


def main():
    print("not tracked" if library() is None else "tracked")
    lines = [None] * 40
    pages = [None] * 5

    with tagged("parser"):
        for i in range(len(lines)):
            lines[i] = bytes(1000 + i)
        with tagged("parser/pages"):
            for i in range(len(pages)):
                pages[i] = bytes(100000)
    report("parser", lines)
    report("parser/pages", pages)

    del lines[10:]  # freed outside of the scope, and still the parser's blocks
    report("parser", lines)

    try:
        with tagged("parser"):
            pages[0] = bytes(600)
            raise ValueError
    except ValueError:
        print("an exception leaves the scope:", library() is None or library().depth() == 0)
    report("parser", lines + pages[:1])
    report("parser/pages", pages[1:])


main()
