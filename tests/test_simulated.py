"""Asynchronous programs in made-up time, and async functions wherever the platform looks for functions."""

import asyncio
import time

import pytest

from labwright.grading.judge import only_defines
from labwright.mutate import mutants
from labwright.prove.lab import _defined
from scratchlab import simulated
from scratchlab.judged.excerpt import excerpt


async def naps():
    """Sleeps, timeouts, a queue and a thread: an hour and a bit."""
    queue, loop = asyncio.Queue(), asyncio.get_running_loop()
    loop.call_later(3600, queue.put_nowait, "late")
    late = await queue.get()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await queue.get()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(queue.get(), 0.25)
    return loop.time(), late, await asyncio.to_thread(lambda: "from a thread")


def test_an_hour_takes_no_time_and_ends_at_the_same_moment():
    began = time.monotonic()
    assert simulated.run(naps()) == simulated.run(naps()) == (3605.25, "late", "from a thread")
    assert time.monotonic() - began < 30


def test_it_runs_where_another_loop_is_running():
    async def outside():
        return simulated.run(naps())

    assert asyncio.run(outside())[0] == 3605.25


async def waits():
    await asyncio.Queue().get()


async def spins():
    while True:
        await asyncio.sleep(0)


async def hogs():
    while True:
        pass


@pytest.mark.parametrize(("program", "words"), [(waits, "never happens"), (spins, "no time goes by"), (hogs, "without `await`")])
def test_a_program_that_cannot_go_on_is_stuck(program, words):
    with pytest.raises(simulated.Stuck, match=words):
        simulated.run(program(), seconds=0.5 if program is hogs else 30)


def test_errors_of_the_program_come_out():
    async def fails():
        raise KeyError("x")

    with pytest.raises(KeyError):
        simulated.run(fails())


GIVEN = """
async def tool(x):
    return await helper(x)

async def helper(x):
    return x

async def secret(x):
    return 7
"""


def test_an_async_function_is_a_definition():
    assert only_defines("async def f():\n    return 1")
    assert _defined("async def f():\n    return 1") == {"f"}
    text, names = excerpt(GIVEN, "tool", set())
    assert names == {"tool", "helper"} and "secret" not in text
    assert all("int |" in each.code for each in mutants("async def f(x) -> int | None:\n    return x + 1"))
