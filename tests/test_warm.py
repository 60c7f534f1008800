"""A forked kernel that one thread waits for and another looks after."""

import os
import select
import socket
import subprocess
import sys
import threading

import pytest

from labwright.warm import Process

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux only")


@pytest.fixture
def kernel():
    """Something that sleeps, as a kernel, and our end of its lifeline."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as sleeping:
        yield Process(ours, sleeping.pid, None), theirs
        sleeping.kill()
    theirs.close()


def test_no_descriptor_is_closed_while_somebody_waits_on_it(kernel, monkeypatch):
    process, theirs = kernel
    waits, original = threading.Event(), select.select

    def slow_select(readers, *rest):
        numbers = [each if isinstance(each, int) else each.fileno() for each in readers]
        waits.set()
        found = original(numbers, *rest)
        for number in numbers:
            os.fstat(number)  # OSError if it was closed meanwhile
        return found

    monkeypatch.setattr(select, "select", slow_select)
    heard = []
    waiting = threading.Thread(target=lambda: heard.append(process.wait(20)))
    waiting.start()
    assert waits.wait(10)
    theirs.send(b"3")
    while process.look():  # as the forker's thread does
        pass
    waiting.join(20)
    assert heard == [3]


def test_it_ends_when_killed_and_says_so(kernel):
    process, theirs = kernel
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0)
    theirs.close()  # as the end of the process does
    process.kill()
    assert process.wait(5) == 137 and process.look() is False
