"""All programs; each of these files is a part of the table."""

import allocators
import browsers
import compilers
import interpreters
import sandboxes
import servers
import tools

PARTS = (interpreters, compilers, browsers, servers, tools, sandboxes, allocators)
PROGRAMS = tuple(program for part in PARTS for program in part.PROGRAMS)
