"""One learner's kernel: started (in the sandbox or not), given cells to run, asked through the judge's socket, stopped."""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from functools import cache
from pathlib import Path
from queue import Empty

import nbformat
import zmq
from jupyter_client.manager import KernelManager

from labwright import source
from labwright.grading.sandbox import reason_file, warm
from labwright.paths import ROOT
from labwright.processes import ONE_THREAD
from scratchlab.errors import ScratchlabError
from scratchlab.judged.peer import Gone
from scratchlab.judged.proxy import Session, accept

SANDBOX = "scratchlab-sandbox-warm"
MAX_OUTPUT = 1 << 20  # bytes of output kept of one cell
STOP_OUTPUT = 32 << 20  # bytes of output of one cell after which it is stopped
START_SECONDS = 60
END_SECONDS = 20


class KernelGone(Exception):
    """The kernel ended or hung while it ran a cell; the words are for the learner."""


class Kernel:
    """A kernel for the lab `slug`; a context manager. `deadline` (time.monotonic()) ends it whatever it does."""

    def __init__(self, slug: str, name: str = SANDBOX, deadline: float = float("inf")):
        self.slug, self.name, self.deadline = slug, name, deadline
        self.restarts, self.deaths = -1, 0
        self.folder: Path | None = None

    def __enter__(self) -> "Kernel":
        self.start()
        return self

    def __exit__(self, *_) -> None:
        self.stop()

    def start(self) -> None:
        """Start a fresh kernel; what an earlier one did is gone."""
        self.stop()
        self.restarts += 1
        self.folder = warm.run_folder()
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.folder / "judge.sock"))
        os.chmod(self.folder / "judge.sock", 0o777)
        self.listener.listen(8)
        self.manager = KernelManager(kernel_name=self.name, transport="ipc", ip=str(self.folder / "ipc"), context=_context())
        self.manager.connection_file = str(self.folder / "kernel.json")
        environment = os.environ | ONE_THREAD | {"LABWRIGHT_SANDBOX_LAB": self.slug, "SCRATCHLAB_JUDGED": "1", "SCRATCHLAB_PROFILE": "cpu"}
        environment["LABWRIGHT_WARM"] = "\n".join(preload(self.slug))
        self.manager.start_kernel(env=environment, cwd=str(self.folder))
        self.client = self.manager.blocking_client()
        self.client.start_channels()
        try:
            self.client.wait_for_ready(timeout=START_SECONDS)
        except RuntimeError as error:
            raise ScratchlabError(f"The kernel {self.name} did not start: {error}. {self.reason()}") from None

    def stop(self) -> None:
        """End the kernel and everything that it started; remove its files."""
        if self.folder is None:
            return
        self.deaths += not self.manager.is_alive() and not self.reason()
        self.client.stop_channels()
        if self.manager.has_kernel:
            process = self.manager.provisioner.process
            process.terminate()  # the sandbox's guard then removes what would outlive it, such as a container
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(END_SECONDS)
            self.manager.shutdown_kernel(now=True)
        self.manager.cleanup_resources()
        self.listener.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        reason_file(self.folder).unlink(missing_ok=True)
        self.folder = None

    def reason(self) -> str:
        """Why the sandbox ended the kernel, if it did."""
        path = reason_file(self.folder)
        return path.read_text(encoding="utf-8").strip() if path.is_file() else ""

    def run(self, code: str, seconds: float) -> list:
        """Run a cell; returns its outputs, shortened where they are long. Errors: KernelGone."""
        outputs, kept, seen = [], 0, 0
        until = min(self.deadline, time.monotonic() + seconds)
        message_id = self.client.execute(code, store_history=True, allow_stdin=False, stop_on_error=False)
        while True:
            message = self._next_output(until, message_id)
            if message["msg_type"] == "status" and message["content"].get("execution_state") == "idle":
                return outputs
            size = len(str(message["content"]))
            seen += size
            if seen > STOP_OUTPUT:
                raise KernelGone("a cell printed more than 32 MB")
            if message["msg_type"] not in ("stream", "display_data", "execute_result", "error") or kept > MAX_OUTPUT:
                continue
            kept += size
            outputs.append(_output(message, MAX_OUTPUT))

    def _next_output(self, until: float, message_id: str) -> dict:
        while True:
            if time.monotonic() > until:
                raise KernelGone("it ran too long and was stopped; is there a loop that never ends?")
            try:
                message = self.client.get_iopub_msg(timeout=0.5)
            except Empty:
                if not self.manager.is_alive():
                    raise KernelGone(self.reason() or "it ended its kernel (a crash, an exit, or too much memory)") from None
                continue
            if message["parent_header"].get("msg_id") == message_id:
                return message

    def session(self, given: str, seconds: float) -> Session:
        """A conversation with what the learner has defined so far. Errors: Gone."""
        tag = secrets.token_hex(16)
        until = min(self.deadline, time.monotonic() + seconds)
        code = f"__import__('scratchlab.judged.agent').judged.agent.serve('{self.folder}/judge.sock', '{tag}')"
        self.client.execute(code, silent=True, store_history=False, allow_stdin=False)
        connection = accept(self.listener, tag, min(until, time.monotonic() + START_SECONDS), self.manager.is_alive)
        session = Session(connection)
        session.peer.deadline = until
        if given:
            session.give(given)
        return session

    def settle(self) -> None:
        """Wait until the kernel is done with a conversation. Errors: Gone if it is not."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                message = self.client.get_shell_msg(timeout=0.5)
            except Empty:
                if not self.manager.is_alive():
                    raise Gone("the kernel ended") from None
                continue
            if message["parent_header"].get("msg_type") == "execute_request":
                return
        raise Gone("time is up")


@cache
def _context() -> zmq.Context:
    """Sockets that hold little of what a kernel says faster than it is read, so that no flood fills our memory."""
    context = zmq.Context()
    context.setsockopt(zmq.RCVHWM, 16)  # messages
    context.setsockopt(zmq.MAXMSGSIZE, 2 * STOP_OUTPUT)
    return context


@cache
def preload(slug: str) -> tuple[str, ...]:
    """The imports of a lab's notebook and of the judge's other half: what a kernel for it may have loaded before it starts."""
    lines = source.imports(slug)
    # What torch loads when something is measured for the first time takes longer than everything else.
    late = ["import torch._dynamo"] if "import torch" in lines else []
    return (*lines, *late, "import scratchlab.judged.agent")


def _output(message: dict, limit: int) -> nbformat.NotebookNode:
    """A notebook output of a message; text beyond `limit` characters is cut."""
    content = message["content"]
    for holder in (content, content.get("data", {})):
        for key, value in holder.items():
            if isinstance(value, str) and len(value) > limit:
                holder[key] = value[:limit] + "\n[cut: the rest was too long]"
    return nbformat.v4.output_from_msg(message)


def use_kernelspecs() -> None:
    """Let Jupyter find the sandbox's kernelspec, which lies in the course folder."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(filter(None, [str(ROOT / "grading"), os.environ.get("JUPYTER_PATH")]))
