"""How a program has fared, and why one could not be tried."""

import os
import shutil
import subprocess

import run


class Outcome:
    def __init__(self, program):
        self.program, self.skipped, self.differences, self.seconds = program, "", {}, {}

    def failed(self):
        return any(self.differences.values())

    def verdict(self):
        if self.skipped:
            return "skipped"
        return "FAILED" if self.failed() else "same"

    def line(self):
        times = " ".join(f"{mode} {seconds:.1f}" for mode, seconds in self.seconds.items())
        return f"{self.verdict():8} {self.program.name:32} {self.skipped or times}"


def commands_of(program):
    return (program.programs or f"{program.tells} {program.periodic}").split()


def missing_commands(program):
    return [name for name in commands_of(program) if shutil.which(name, path=run.PATH) is None]


def missing_libraries(program):
    names = (program.before + " " + program.after).split()
    return [name for name in names if not run.libraries(name)]


def missing(program):
    return missing_commands(program) + missing_libraries(program)


def why_not(program):
    if program.root and os.geteuid() != 0:
        return "only root can do it"
    lacks = ", ".join(missing(program))
    if lacks and program.service and starts_services():
        return f"not installed, as its package would start a service: {lacks}"
    return f"not installed: {lacks}" if lacks else ""


def starts_services():
    """Would a package's service be started here, now or at the next boot?"""
    return os.path.isdir("/run/systemd/system")


def missing_packages(programs):
    wanted = {name for program in programs if missing(program) and not (program.service and starts_services())
              for name in program.packages.split()}  # fmt: skip
    return sorted(wanted)


def version(program):
    asked = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", program.packages.split()[0]],
                           capture_output=True, text=True, check=False)  # fmt: skip
    return asked.stdout if asked.returncode == 0 else "?"


def summary(results, seconds):
    verdicts = [result.verdict() for result in results]
    failed = [result.program.name for result in results if result.failed()]
    text = f"\nfailed: {', '.join(failed)}\n" if failed else "\n"
    text += f"{verdicts.count('same')} the same, {verdicts.count('FAILED')} failed, {verdicts.count('skipped')} skipped"
    return f"{text}; {seconds:.0f} s"
