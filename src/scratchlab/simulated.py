"""Asynchronous programs in made-up time: when all tasks wait, the clock jumps to the moment at which the first one has waited enough.

A program that sleeps for an hour is done at once, and happens in the same way each time. Time is the event loop's,
`asyncio.get_running_loop().time()`, and begins at 0; asyncio's own sleeps, timeouts and queues go by it.
"""

import asyncio
import ctypes
import threading
import time
from collections.abc import Coroutine
from typing import Any

MOST_TURNS = 10_000  # of the event loop without any time going by
SLACK = 6  # a program that is kept waiting by the machine, or sleeps in real time, gets this many times its processor time
THREADS = 10.0  # real seconds to wait for a thread when nothing else can happen


class Stuck(RuntimeError):
    """The program cannot go on, or does not let anybody else go on; the text says which."""


class Loop(asyncio.BaseEventLoop):
    """An event loop without files, sockets and real time."""

    def __init__(self):
        super().__init__()
        self._selector, self._now, self._turns, self._woken = self, 0.0, 0, threading.Event()
        self.set_exception_handler(lambda loop, context: None)  # what nobody fetched is no news here: tests leave things unfinished

    def time(self) -> float:
        """The made-up time, in seconds."""
        return self._now

    def select(self, timeout: float | None) -> tuple:
        """asyncio asks here how long to sleep: 0 if somebody can go on now, None if no time is known at which anybody could."""
        if timeout is None and not (self._default_executor and self._woken.wait(THREADS)):
            raise Stuck("every task waits for something that never happens")
        self._woken.clear()
        self._now += timeout or 0.0
        self._turns = 0 if timeout else self._turns + 1
        if self._turns > MOST_TURNS:
            raise Stuck("tasks keep going round without waiting for anything, so no time goes by")
        return ()

    def _process_events(self, events) -> None:
        pass

    def _write_to_self(self) -> None:
        self._woken.set()


def run(program: Coroutine, seconds: float = 60) -> Any:
    """What the coroutine returns; it runs in a loop and a thread of its own, so this works where another loop runs already.

    Errors: those of the program; Stuck, also after `seconds` of processor time.
    """
    ended: list = []

    def work() -> None:
        try:
            with asyncio.Runner(loop_factory=Loop) as runner:
                ended.append((runner.run(program), None))
        except BaseException as error:
            ended.append((None, error))

    thread = threading.Thread(target=work, daemon=True)
    used, began = time.process_time(), time.monotonic()
    thread.start()
    while thread.is_alive() and time.process_time() - used < seconds and time.monotonic() - began < SLACK * seconds:
        thread.join(0.05)
    if not ended and thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
        raise Stuck("a task never lets the others have a turn: a loop without `await`, or time.sleep")
    result, error = ended[0]
    if error is not None:
        raise error
    return result
