# ruff: noqa
# Ends of the kernel, and errors that are no mistakes. Only the task in which it happens is lost.

# === exits: five ways to leave, one in each task. Honest: 0
# %% first
import ctypes, os, signal, sys


# %% predict
def predict(X, w, b):
    os._exit(0)


# %% update
def update(w, b, x, y):
    sys.exit("done")


# %% train
def train(X, y, max_epochs=1):
    os.kill(os.getpid(), signal.SIGKILL)


# %% bound
def mistake_bound(X, y, w, b):
    ctypes.string_at(0)


# %% pocket
def train_pocket(X, y, epochs, seed):
    get_ipython().kernel.do_shutdown(False)
    quit()


# === crash_between: a crash in one task, and right answers around it. Right: predict, update, bound, pocket. Honest: 7
# %% train
def train(X, y, max_epochs=1):
    import os

    os.abort()


# === crash_in_a_cell: cells of one's own that end the kernel, before and after the right answers. Right: all. Honest: 10
# %% before predict
import os

os._exit(1)
# %% after train
import os, signal

os.kill(os.getpid(), signal.SIGSEGV)

# === kills: signals to everybody in reach. Right: update, bound. Honest: 4
# %% first
import os, signal


# %% predict
def predict(X, w, b):
    os.kill(os.getppid(), signal.SIGKILL)
    os.kill(1, signal.SIGKILL)
    os.kill(-1, signal.SIGKILL)


# %% train
def train(X, y, max_epochs=1):
    for number in range(1, 100_000):
        try:
            os.kill(number, signal.SIGKILL)
        except OSError:
            pass


# %% pocket
def train_pocket(X, y, epochs, seed):
    os.killpg(0, signal.SIGKILL)


# === stopped: the kernel stops itself like a job in a shell. Right: update. Honest: 2
# %% predict
def predict(X, w, b):
    import os, signal

    os.kill(os.getpid(), signal.SIGSTOP)


# === raises: everything that can be raised, under names that sound like the grader's own. Honest: 0
# %% first
from scratchlab.checks import Wrong
from scratchlab.judged.peer import Gone


# %% predict
def predict(X, w, b):
    raise KeyboardInterrupt


# %% update
def update(w, b, x, y):
    raise Gone("time is up")


# %% train
def train(X, y, max_epochs=1):
    class Gone(BaseException): ...

    raise Gone("the kernel ended")


# %% bound
def mistake_bound(X, y, w, b):
    class Passed(Wrong):
        def __init__(self):
            self.tried = self.got = self.expected = self.look = ""

    raise Passed


# %% pocket
def train_pocket(X, y, epochs, seed):
    class Hostile(StopIteration):
        __traceback__ = 1

        def __str__(self):
            raise self

        __repr__ = __str__

    raise Hostile


# === unprintable: errors whose words cannot be stored. Right: pocket. Honest: 2. May lose: pocket
# %% predict
def predict(X, w, b):
    raise ValueError("\ud800\udfff\x00\x1b[2J<script>alert(1)</script>")


# %% update
def update(w, b, x, y):
    raise type("N\u0000\ud800", (Exception,), {})("\ud800" * 10_000_000)


# %% train
def train(X, y, max_epochs=1):
    raise UnicodeDecodeError("utf-8", b"x" * 1000, 0, 1, "\udc80")


# %% bound
def mistake_bound(X, y, w, b):
    raise ExceptionGroup("\ud800", [ValueError(n) for n in range(100_000)])


# === recursion: calls without an end, until Python or the stack gives up. Right: update, train, bound. Honest: 7
# %% predict
import sys

sys.setrecursionlimit(1 << 30)


def predict(X, w, b):
    return predict(X, w, b)


# === twins: a process that forks while it is asked, so that two of them answer on one connection. Right: update. Honest: 2.4. May lose: update
# %% predict
def predict(X, w, b):
    import os

    os.fork()
    return np.where(X @ w + b > 0, 1, 1)


# %% after update
import os

os._exit(0)
