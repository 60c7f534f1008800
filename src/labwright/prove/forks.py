"""Try things in forks of this process, several at a time: each within its time and memory, each harmless to all others."""

import contextlib
import ctypes
import faulthandler
import gc
import json
import multiprocessing
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

MEMORY = 4 << 30  # bytes of data that a fork may hold
PR_SET_PDEATHSIG = 1  # of linux/prctl.h
SLACK = 3  # a fork that waits or is kept waiting gets this many times its CPU seconds before it is killed


@dataclass(frozen=True)
class End:
    """How a fork ended: with a `value` (plain data), or without one, and then `died` says why."""

    value: Any = None
    died: str = ""


@dataclass
class _Running:
    process: multiprocessing.Process
    done: Callable[[End], None]
    seconds: int
    deadline: float


class Forks:
    """At most `jobs` forks at a time. Used in a `with`: its end waits for them; an early end, by an error, kills them."""

    def __init__(self, jobs: int):
        self.jobs = jobs
        self.running: dict[Connection, _Running] = {}

    def __enter__(self) -> "Forks":
        return self

    def __exit__(self, kind, *_) -> None:
        try:
            while kind is None and self.running:
                self._collect()
        finally:
            for each in self.running.values():
                _end(each.process)

    def start(self, function: Callable[[], Any], done: Callable[[End], None], *, seconds: int) -> None:
        """Have a fork call `function`, once one of the places is free; `done` hears here how it ended.

        The fork and what it starts are killed after `seconds` of CPU time. What it prints goes nowhere.
        """
        while len(self.running) >= self.jobs:
            self._collect()
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("fork").Process(target=_work, args=(function, theirs, seconds))
        process.start()
        theirs.close()
        self.running[ours] = _Running(process, done, seconds, time.monotonic() + SLACK * seconds)

    def _collect(self) -> None:
        """Wait until something ends or runs out of time, and tell who asked for it."""
        first = min(each.deadline for each in self.running.values())
        ready = wait(list(self.running), max(0.0, first - time.monotonic()))
        late = [ours for ours, each in self.running.items() if each.deadline <= time.monotonic()]
        for ours in {*ready, *late}:
            each = self.running.pop(ours)
            with ours:
                answer = _receive(ours) if ours in ready else None
            _end(each.process)
            each.done(_how_it_ended(answer, each, ours in ready))


def _receive(connection: Connection) -> dict | None:
    with contextlib.suppress(EOFError, OSError):
        return json.loads(connection.recv_bytes())
    return None


def _how_it_ended(answer: dict | None, running: _Running, in_time: bool) -> End:
    if answer is not None:
        return End(**answer)
    code = running.process.exitcode
    if not in_time or code == -signal.SIGXCPU:
        return End(died=f"ran for more than {running.seconds} s")
    return End(died=f"was ended by {signal.Signals(-code).name}" if code and code < 0 else f"ended by itself with exit code {code}")


def _end(process: multiprocessing.Process) -> None:
    """The end of a fork and of all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.kill()  # in case it has not made its group yet
    process.join()


def _work(function: Callable[[], Any], connection: Connection, seconds: int) -> None:
    """In the fork: do it and send what comes back."""
    os.setpgrp()
    _end_with_parent()
    gc.freeze()  # a collection would touch, and so copy, every object of the parent's: it costs more than most trials
    _limit(seconds)
    faulthandler.disable()  # pytest's would write a crash to the terminal
    sys.stdout = sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115
    os.dup2(sys.stdout.fileno(), 1), os.dup2(sys.stdout.fileno(), 2)
    try:
        answer = {"value": function()}
    except Exception as error:
        answer = {"died": f"raised {type(error).__name__}: {error}"}
    connection.send_bytes(json.dumps(answer).encode())


def _end_with_parent() -> None:
    """Whatever ends the gate, kill -9 too, ends its forks. Linux only: elsewhere those that run go on to their limit."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit(seconds: int) -> None:
    """One thread, limited CPU time and memory, and no core files."""
    os.environ["OMP_NUM_THREADS"] = "1"
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
