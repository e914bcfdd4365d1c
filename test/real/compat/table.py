"""All programs; each of these files is a part of the table."""

import compilers
import interpreters

PROGRAMS = interpreters.PROGRAMS + compilers.PROGRAMS
