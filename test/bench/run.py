"""Runs the processes of a measurement: with a configuration's environment, on chosen processors, for a bounded time."""
import contextlib
import os
import select
import signal
import subprocess
import time

TIMEOUT = 90  # seconds; nothing here takes a third of that unless it hangs


class Failed(Exception):
    """A measurement that gave no number; says why."""


@contextlib.contextmanager
def on_cpus(cpus):
    """Children started inside run on these processors. Setting our own affinity spares them a fork hook, which would
    make Python fork itself instead of using vfork."""
    if not cpus:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def clean_environment(extra):
    """The same for every configuration, but for what the configuration itself sets."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LC_ALL": "C", **extra}


def start(command, environment, cpus=None, **options):
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options}
    with on_cpus(cpus):
        # a session of its own, so that a hanging one can be ended with its children
        return subprocess.Popen(command, env=clean_environment(environment), start_new_session=True, **options)


def end(process):
    """Ends a process that start() started, and its children, if it has not ended."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def number(command, environment, cpus=None):
    """The number that a program prints."""
    process = start(command, environment, cpus, stdout=subprocess.PIPE)
    try:
        output, _ = process.communicate(timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        raise Failed(f"no end after {TIMEOUT} s") from None
    finally:
        end(process)
    if process.returncode:
        raise Failed(f"ended with {process.returncode}")
    return float(output.split()[-1])


class Slices:
    """A benchmark program that measures one slice whenever it is told to."""

    def __init__(self, command, environment, cpus):
        self.process = start(command, environment, cpus, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)

    def measure(self):
        try:
            self.process.stdin.write(b".")
        except BrokenPipeError:
            pass  # the empty answer tells
        ready, _, _ = select.select([self.process.stdout], [], [], TIMEOUT)
        answer = self.process.stdout.readline() if ready else b""
        if not answer:
            hangs = self.process.poll() is None and not ready
            self.close()
            raise Failed(f"no answer after {TIMEOUT} s" if hangs else f"ended with {self.process.returncode}")
        return float(answer)

    def close(self):
        self.process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=10)
        end(self.process)
        self.process.stdout.close()


def wait_all(processes):
    """{name: process} -> {name: CPU seconds of it and its children, or Failed}, when all have ended."""
    waiting, results, deadline = dict(processes), {}, time.monotonic() + TIMEOUT
    while waiting:
        for name, process in list(waiting.items()):
            pid, status, usage = os.wait4(process.pid, os.WNOHANG)
            if not pid:
                continue
            process.returncode = os.waitstatus_to_exitcode(status)
            results[name] = usage.ru_utime + usage.ru_stime
            if process.returncode:
                results[name] = Failed(f"ended with {process.returncode}")
            del waiting[name]
        if waiting and time.monotonic() > deadline:
            for name, process in waiting.items():
                end(process)
                results[name] = Failed(f"no end after {TIMEOUT} s")
            break
        time.sleep(0.02)
    return results
