# ruff: noqa
# Too much of everything. A task that takes too much is lost, the ones around it are not.

# === loop: a check that never comes back. Right: predict, update, train, pocket. Honest: 8
# %% bound
def mistake_bound(X, y, w, b):
    while True:
        pass


# === loop_deaf: a loop in C, with every signal ignored, in a cell and in a check. Right: update. Honest: 2
# %% first
import signal

for number in set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)


# %% predict
def predict(X, w, b):
    return (7 ** (10**9)) % 3


# === sleeper: a cell that waits for ever. Right: predict. Honest: 1
# %% first
import time

time.sleep(10**6)

# === memory: lists, mappings and files in memory, more than there is. Right: update, bound. Honest: 4
# %% first
import mmap


# %% predict
def predict(X, w, b):
    kept = []
    while True:
        kept.append(bytearray(1 << 27))


# %% train
def train(X, y, max_epochs=1):
    maps = [mmap.mmap(-1, 1 << 28) for _ in range(64)]
    for each in maps:
        each.write(b"x" * (1 << 28))


# %% pocket
def train_pocket(X, y, epochs, seed):
    for folder in ("/dev/shm", "/tmp", "/work"):
        for number in range(10**6):
            with open(f"{folder}/{number}", "wb") as stream:
                stream.write(b"x" * (1 << 26))


# === fork_bomb: processes that start processes. Right: update. Honest: 2
# %% predict
def predict(X, w, b):
    import os

    while True:
        try:
            os.fork()
        except OSError:
            pass


# === thread_bomb: threads that never end, from a cell, while the answers are judged. Right: all. Honest: 10. May lose: all
# %% first
import threading, time


def hum():
    while True:
        time.sleep(0.01)


try:
    while True:
        threading.Thread(target=hum, daemon=True).start()
except RuntimeError:
    pass

# === daemon: a process that forks twice, leaves its session and wants to stay. Right: all. Honest: 10
# %% first
import os, signal, subprocess, sys, time

if os.fork() == 0:
    os.setsid()
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(3600)  # SURVIVOR"])
    os._exit(0)
subprocess.Popen(["nohup", "setsid", sys.executable, "-c", "import time; time.sleep(3600)  # SURVIVOR"])

# === descriptors: every file descriptor and every file that can be had. Right: update. Honest: 2
# %% before pocket
import os

kept = []
try:
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
for number in range(20_000):
    try:
        os.symlink("x" * 4000, f"/tmp/{number}")
    except OSError:
        break
