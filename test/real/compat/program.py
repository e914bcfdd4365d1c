"""What a row of the tables says."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Program:
    name: str  # as the table of doc/compatibility.md shows it
    packages: str  # Debian's; the first one's version is shown
    does: str  # what it does here, in a few words
    script: str  # for bash, in an empty folder, after helpers.sh
    tells: str = ""  # the programs that must each have a report, of the kind `exit`
    periodic: str = ""  # programs that leave without an exit report, and must have told something before
    mute: str = ""  # those of the above from whom nothing is seen on stderr: they close it, or something else reads it
    only: str = ""  # the option `only` with reports on stderr, where a program reads what its helpers say there
    untracked: str = ""  # why there is no report at all; lines of ours may say so
    says: str = ""  # a pattern: lines of ours that are right on stderr, whatever the mode
    limit: str = ""  # what is not told, and why
    scrub: tuple = ()  # (pattern, replacement) for what differs from one run to the next, in stdout, stderr and files
    ignore: str = ""  # globs of files whose contents differ from one run to the next
    sorted: bool = False  # several processes write at once: lines in any order
    before: str = ""  # libraries preloaded before ours, and without it
    after: str = ""  # and after ours
    env: tuple = ()  # NAME=VALUE
    files: str = ""  # of inputs/, copied into the folder
    programs: str = ""  # that must be there; default: all of `tells` and `periodic`
    modes: str = "file stderr stacks"  # `limit` says why, where it is not all three
    seconds: int = 120
    root: bool = False  # only root can do it
    service: bool = False  # its package starts one
    weight: int = 1  # jobs that it counts for: 2 where it wants the machine for itself
