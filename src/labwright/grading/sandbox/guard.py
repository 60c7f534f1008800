"""Start a sandbox, stay beside it, and leave nothing of it behind."""

import contextlib
import os
import select
import signal
import socket
import subprocess
from pathlib import Path

from labwright.grading.sandbox.backends import chosen
from labwright.grading.sandbox.spec import Launch, Spec, addresses, for_kernel, hand_over
from labwright.grading.sandbox.watch import Ending, Watch, reason_file

SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_TO_END = 10
TAIL = 2000  # bytes kept of what a sandbox says that does not start
LISTENING = b"listening\n"  # what kernel.py says
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(Exception):
    """Somebody told this process to end."""


def run_kernel(connection: Path) -> int:
    """Run the kernel of a Jupyter connection file until it ends. Returns its exit code; reason_file(FOLDER) says why it was ended."""
    run = connection.parent
    reason_file(run).unlink(missing_ok=True)
    for number in SIGNALS:
        signal.signal(number, _stop)
    ended = Ending(1, "The sandbox was not started.")
    try:
        wanted, backend = addresses(connection), chosen()
        spec = for_kernel(connection, {address: listen(address) for address in wanted} if backend.inherits else {})
        hand_over(spec.run, spec.user)
        ended = guard(spec, backend.launch(spec))
    except Stopped:
        ended = Ending(128 + signal.SIGTERM)
    except Exception as error:
        ended = Ending(1, " ".join(str(error).split()))
        raise
    finally:
        ended.write(run)
    return ended.code


def listen(address: str) -> int:
    """A socket at the address ipc://PATH, which outlives neither us nor the kernel that inherits it."""
    path = Path(address.removeprefix("ipc://"))
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(str(path))
        made.listen(64)
        return made.detach()


def guard(spec: Spec, launch: Launch) -> Ending:
    """Start the sandbox and watch it until it has ended, by itself or by us. Nothing of it is left then, whatever is raised."""
    process = subprocess.Popen(
        launch.argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=launch.environment,
        pass_fds=launch.descriptors,
    )
    for descriptor in launch.descriptors:
        os.close(descriptor)
    watch = Watch(process.pid, spec.run, spec.limits)
    try:
        return _wait(process, watch)
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        _end(process, watch, launch)


def _wait(process: subprocess.Popen, watch: Watch) -> Ending:
    """Until it ends or has to be ended. What it says after it listens is the learner's, and nobody's concern."""
    os.set_blocking(process.stdout.fileno(), False)
    heard, started, parent = b"", False, os.getppid()
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS_BETWEEN_LOOKS)
        heard += process.stdout.read() or b""
        started = started or LISTENING in heard
        heard = heard[-TAIL:]
        if process.returncode is not None:
            return own_end(process.returncode, heard.decode(errors="replace") if not started else None, watch)
        if os.getppid() != parent:  # killed, or it would have told us
            raise Stopped
        if reason := watch.look():
            return Ending(128 + signal.SIGKILL, reason)


def own_end(code: int, last_words: str | None, watch: Watch) -> Ending:
    """`last_words` is what it said if it never listened."""
    if last_words is not None:
        *_, why = last_words.strip().splitlines() or [f"exit code {code}"]
        return Ending(code or 1, f"The sandbox did not start: {why}")
    if code == 128 + signal.SIGXCPU:
        return Ending(code, f"The code used more than {watch.limits.cpu_seconds} seconds of processor time and was stopped.")
    return Ending(code)


def _end(process: subprocess.Popen, watch: Watch, launch: Launch) -> None:
    """End everything inside, and come back when nothing of it is left."""
    if launch.remove:
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(launch.remove, capture_output=True, timeout=60)
    first = watch.first()
    if first is not None:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(first, signal.SIGKILL)
        select.select([first], [], [], SECONDS_TO_END)
        watch.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    process.kill()
    process.wait()
    process.stdout.close()


def _stop(number: int, frame: object) -> None:
    raise Stopped
