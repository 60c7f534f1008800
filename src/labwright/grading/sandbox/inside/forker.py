"""Loads a lab's libraries once, then forks a kernel for everybody who asks: what took seconds takes a moment.

python forker.py CONTROL PRELOAD      CONTROL: a socket's file descriptor; PRELOAD: JSON, lines of imports

A request on the socket is JSON, with file descriptors: one socket by which the new kernel's end is told (its lifeline), then those
that it listens on. `isolate` in the request says how a kernel is locked in; without it the kernel has the rights that we have.
"""

import gc
import json
import os
import random
import signal
import socket
import sys

import isolate
import kernel

MESSAGE = 1 << 16


def main(control: socket.socket, preload: list[str]) -> None:
    """Serve until the other side hangs up."""
    warm_up(preload)
    control.send(json.dumps({"threads": len(os.listdir("/proc/self/task"))}).encode())
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries our children
    while True:
        message, descriptors, *_ = socket.recv_fds(control, MESSAGE, 16)
        if not message:
            return
        if os.fork() == 0:
            control.close()
            be_kernel(json.loads(message), socket.socket(fileno=descriptors[0]), descriptors[1:])
        for each in descriptors:
            os.close(each)


def warm_up(preload: list[str]) -> None:
    """Load what a kernel needs and what the lab imports; what cannot be imported is the lab's to complain about."""
    for line in ("import ipykernel.kernelapp, zmq, matplotlib_inline.backend_inline", *preload):
        try:
            exec(line, {})
        except Exception:
            continue
    gc.collect()
    gc.freeze()  # what is loaded stays shared between all kernels


def be_kernel(request: dict, lifeline: socket.socket, sockets: list[int]) -> None:
    """In the child: tell who we are, run the kernel, tell how it ended. Never returns."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        os.setsid()
        lifeline.send(b"here")  # with our process id, which the kernel adds
        run = run_locked_in if "isolate" in request else run_freely
        code = run(request, dict(zip(request["sockets"], sockets, strict=True)), lifeline)
    except BaseException as error:
        lifeline.send(f"{type(error).__name__}: {error}".encode()[:1000])
    finally:
        lifeline.send(str(code).encode())
        os._exit(0)


def run_locked_in(request: dict, sockets: dict[str, int], lifeline: socket.socket) -> int:
    """The kernel in namespaces of its own, without rights. Returns its exit code."""
    wanted = request["isolate"]
    isolate.own_namespaces()
    first = os.fork()
    if first == 0:
        problem, code = b"", 1
        try:
            isolate.own_files(wanted["keep"], wanted["folders"])
            isolate.limit(wanted["limits"])
            isolate.drop_rights(wanted["user"], bytes.fromhex(wanted["filter"]))
        except OSError as error:
            problem = f"The sandbox did not start: {error}".encode()
        if problem:
            lifeline.send(problem)
        else:
            lifeline.close()
            os.chdir("/work")
            code = isolate.be_first(lambda: become(request, sockets))
        os._exit(code)
    for each in sockets.values():
        os.close(each)
    _, status = os.waitpid(first, 0)
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def run_freely(request: dict, sockets: dict[str, int], lifeline: socket.socket) -> int:
    """The kernel in this process."""
    isolate.end_with_parent()
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.path.insert(0, request["folder"])
    become(request, sockets)
    return 0


def become(request: dict, sockets: dict[str, int]) -> None:
    """Turn into an ipykernel; a fork shares no random state with its brothers."""
    random.seed()
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed()
    kernel.serve(request["connection"], sockets)


if __name__ == "__main__":
    del sys.path[0]  # this file's folder, and with it what lies there
    del sys.modules["isolate"], sys.modules["kernel"]
    main(socket.socket(fileno=int(sys.argv[1])), json.loads(sys.argv[2]))
