"""Warm kernels: forked from a process that has loaded a lab's libraries, so that they start at once.

`scratchlab-warm` is a Jupyter kernel provisioner (see pyproject.toml): whoever starts a kernel by a kernelspec that names it gets
a fork, papermill and nbclient included. LABWRIGHT_WARM in the kernel's environment holds the imports, one a line; processes that
keep them loaded, one for each set, end with the process that asked. With `"sandbox": true` in the kernelspec kernels are locked in as
labwright.grading.sandbox does it; where that cannot fork, and without LABWRIGHT_WARM, the kernelspec's own command is run instead.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Bool

from scratchlab.errors import ScratchlabError

FORKER = Path(__file__).parent / "grading" / "sandbox" / "inside" / "forker.py"
LOAD_SECONDS = 180
END_SECONDS = 10
SECONDS_BETWEEN_LOOKS = 0.5
CREDENTIALS = struct.Struct("iII")  # process, user and group, as the kernel writes them
KILLED = 128 + signal.SIGKILL


class Forker:
    """A process that has `preload` imported and forks kernels. `command(descriptor)` says how it is started and which file
    descriptors it gets. Errors: ScratchlabError if it does not start."""

    def __init__(self, command: Callable[[int], tuple[list[str], tuple[int, ...]]]):
        self.processes: list[Process] = []
        self.last_words = b""
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        # bubblewrap ends with the thread that started it, so this thread lives as long.
        threading.Thread(target=self._keep, args=(command, theirs), daemon=True).start()
        self.control.settimeout(LOAD_SECONDS)
        try:
            ready = self.control.recv(1000)
        except OSError as error:
            ready = b""
            self.last_words += str(error).encode()
        if not ready:
            self.close()
            raise ScratchlabError(f"No kernel can be forked: {self.last_words.decode(errors='replace').strip()[-500:] or 'it ended'}")

    def fork(self, request: dict, descriptors: list[int], watch: "Callable | None" = None) -> "Process":
        """A new kernel; `descriptors` are the sockets that the request names. `watch(pid)` makes what looks after it."""
        lifeline, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        lifeline.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        socket.send_fds(self.control, [json.dumps(request).encode()], [theirs.fileno(), *descriptors])
        theirs.close()
        lifeline.settimeout(LOAD_SECONDS)
        _, ancillary, *_ = lifeline.recvmsg(100, socket.CMSG_SPACE(CREDENTIALS.size))
        if not ancillary:
            raise ScratchlabError("A kernel could not be forked: the process that forks has ended.")
        process = Process(lifeline, CREDENTIALS.unpack(ancillary[0][2])[0], watch)
        self.processes.append(process)
        return process

    def alive(self) -> bool:
        """Whether it can still fork."""
        return self.control.fileno() >= 0 and not select.select([self.control], [], [], 0)[0]

    def close(self) -> None:
        """End it, and with it all of its kernels."""
        for process in self.processes:
            process.kill()
        self.control.close()

    def _keep(self, command, theirs: socket.socket) -> None:
        try:
            argv, descriptors = command(theirs.fileno())
            popen = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=(theirs.fileno(), *descriptors)
            )
            for each in descriptors:
                os.close(each)
        except Exception as error:  # of this thread; the other one hears that the socket was closed
            self.last_words = str(error).encode()
            return
        finally:
            theirs.close()
        os.set_blocking(popen.stdout.fileno(), False)
        while popen.poll() is None and self.control.fileno() >= 0:
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(SECONDS_BETWEEN_LOOKS)
            self.last_words = (self.last_words + (popen.stdout.read() or b""))[-2000:]
            self.processes = [each for each in self.processes if each.look()]
        popen.kill()
        popen.wait()
        popen.stdout.close()


class Process:
    """A forked kernel, with the methods of subprocess.Popen that Jupyter uses. `pid` is its topmost process.

    Jupyter asks in one thread and the forker looks after it in another; the lock keeps a descriptor open while somebody waits on it.
    """

    stdin = stdout = stderr = None

    def __init__(self, lifeline: socket.socket, pid: int, watch: Callable | None):
        self.pid, self.lifeline, self.returncode = pid, lifeline, None
        self.lifeline.setblocking(False)
        self.top = os.pidfd_open(pid)
        self.watch = watch(pid) if watch else None
        self.said = ""
        self.lock = threading.RLock()

    def poll(self) -> int | None:
        """The exit code, once it has ended."""
        with self.lock:
            while self.returncode is None:
                try:
                    word = self.lifeline.recv(1000)
                except BlockingIOError:
                    break
                if not word or word.isdigit():
                    self._ended(int(word or KILLED))
                else:
                    self.said = word.decode(errors="replace")
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Errors: subprocess.TimeoutExpired."""
        until = None if timeout is None else time.monotonic() + timeout
        while True:
            with self.lock:
                if self.poll() is not None:
                    return self.returncode
                if until is not None and time.monotonic() > until:
                    raise subprocess.TimeoutExpired("kernel", timeout)
                select.select([self.lifeline], [], [], 0.1)

    def kill(self) -> None:
        """End all of it, and come back when nothing is left."""
        with self.lock:
            if self.poll() is not None:
                return
            if self.watch:
                self.watch.end_all()
            with contextlib.suppress(OSError):
                os.killpg(self.pid, signal.SIGKILL)
            select.select([self.top], [], [], END_SECONDS)
            self.poll()

    terminate = kill

    def send_signal(self, number: int) -> None:
        """SIGINT interrupts it, where it is not locked in; anything else ends it."""
        if number == signal.SIGINT:
            if not self.watch:
                os.killpg(self.pid, number)
        elif number != 0:
            self.kill()

    def look(self) -> bool:
        """Whether it still runs; one that uses too much is ended."""
        with self.lock:
            if self.poll() is None and self.watch and (reason := self.watch.look()):
                self.watch.note(KILLED, reason)
                self.kill()
            return self.returncode is None

    def _ended(self, code: int) -> None:
        self.returncode = code
        if self.watch:
            self.watch.note(code, self.said)
            self.watch.end_all()
            self.watch.close()
        self.lifeline.close()
        os.close(self.top)


class WarmProvisioner(LocalProvisioner):
    """Starts kernels by forking; see the module's docstring."""

    sandbox = Bool(False, help="lock kernels in").tag(config=True)

    async def launch_kernel(self, cmd: list[str], **kwargs) -> KernelConnectionInfo:
        """Fork a kernel, or run the command if that cannot be."""
        environment = kwargs.get("env") or dict(os.environ)
        try:
            connection = Path(self.parent.connection_file)
            self.process = _fork(self.sandbox, connection, environment, kwargs.get("cwd") or str(connection.parent))
        except ScratchlabError:
            return await super().launch_kernel(cmd, **kwargs)
        self.pid, self.pgid = self.process.pid, None
        return self.connection_info

    async def send_signal(self, signum: int) -> None:
        """Signals go to the process, which knows its group."""
        if self.process:
            self.process.send_signal(signum)


class LabKernelManager(AsyncKernelManager):
    """Starts the kernel of a lab that is run: forked if LABWRIGHT_WARM is set. `latest` is the newest one of this process."""

    latest: "LabKernelManager | None" = None

    def __init__(self, *args, **named):
        if sys.platform == "linux":  # sockets in a folder of its own: two kernels that start at once may choose the same TCP port
            self._folder = tempfile.TemporaryDirectory(prefix="kernel-")
            named |= {"transport": "ipc", "ip": f"{self._folder.name}/ipc", "connection_file": f"{self._folder.name}/kernel.json"}
        super().__init__(*args, **named)
        LabKernelManager.latest = self

    @property
    def kernel_spec(self):
        """The kernelspec of the name, with the provisioner that forks."""
        spec = super().kernel_spec
        spec.metadata = spec.metadata | {"kernel_provisioner": {"provisioner_name": "scratchlab-warm"}}
        return spec


_forkers: dict[tuple, Forker] = {}
_lock = threading.Lock()


def _fork(sandbox: bool, connection: Path, environment: dict[str, str], folder: str) -> Process:
    if sys.platform != "linux":
        raise ScratchlabError("kernels are forked on Linux only")
    if not environment.get("LABWRIGHT_WARM"):
        raise ScratchlabError("nothing to load was named")
    preload = environment["LABWRIGHT_WARM"].splitlines()
    if sandbox:
        from labwright.grading.sandbox import warm

        return warm.fork(_forker, connection, environment, preload)
    plain = {name: value for name, value in environment.items() if name != "LABWRIGHT_WARM"}
    return _plain(preload).fork({"connection": str(connection), "sockets": [], "folder": folder, "environment": plain}, [])


def load_ahead(preload: str) -> None:
    """Begin to load what a kernel, soon to be asked for, is forked from; `preload` is what LABWRIGHT_WARM will hold."""

    def load() -> None:
        with contextlib.suppress(ScratchlabError):  # who asks for the kernel will hear of it
            _plain(preload.splitlines())

    if preload and sys.platform == "linux":
        threading.Thread(target=load, daemon=True).start()


def _plain(preload: list[str]) -> Forker:
    return _forker(("plain", *preload), lambda descriptor: ([sys.executable, str(FORKER), str(descriptor), json.dumps(preload)], ()))


def _forker(key: tuple, command: Callable) -> Forker:
    """The forker for this key; made if there is none."""
    with _lock:
        if key not in _forkers or not _forkers[key].alive():
            _forkers[key] = Forker(command)
        return _forkers[key]


@atexit.register
def close() -> None:
    """End all forkers of this process."""
    for forker in _forkers.values():
        forker.close()
    _forkers.clear()
