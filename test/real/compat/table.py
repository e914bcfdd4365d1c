"""All programs; each of these files is a part of the table."""

import compilers
import interpreters
import servers

PARTS = (interpreters, compilers, servers)
PROGRAMS = tuple(program for part in PARTS for program in part.PROGRAMS)
