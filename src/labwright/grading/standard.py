"""What the answers to a lab are held to: its tasks with a teacher's private properties, the secret seeds, and the hash of it all."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from labwright.paths import LABS, ROOT
from scratchlab.checking import load_tasks
from scratchlab.checks import Task
from scratchlab.errors import ScratchlabError

COURSE = ROOT / "grading"
DECIDES = ("intake", "reading", "recognize", "rebuild", "standard", "kernel", "judge")  # modules beside this one


@dataclass(frozen=True)
class Standard:
    """Tasks by name, the text of given.py, and a sha256 over everything that decides about a grade."""

    slug: str
    tasks: dict[str, Task]
    given: str
    digest: str
    secret: bytes

    def seed(self, task: str) -> int:
        """The seed of a task's inputs: the same for everybody and on every repeat, and unknown to the learners."""
        return int.from_bytes(hmac.new(self.secret, f"{self.slug}/{task}".encode(), "sha256").digest()[:7], "big")


def read(slug: str, course: Path = COURSE) -> Standard:
    """Read the lab's checks and the teacher's own in COURSE/private/SLUG/checks.py, whose properties are added to the tasks."""
    paths = [LABS / slug / "checks.py", LABS / slug / "given.py", course / "private" / slug / "checks.py"]
    tasks = load_tasks(paths[0])
    if paths[2].is_file():
        for name, task in load_tasks(paths[2]).items():
            if name not in tasks:
                raise ScratchlabError(f"{paths[2]}: {slug} has no task '{name}'; it has {', '.join(tasks)}.")
            tasks[name].properties.extend(replace(each, name=f"private_{each.name}") for each in task.properties)
    texts = [path.read_bytes() if path.is_file() else b"" for path in paths]
    digest = hashlib.sha256(b"\0".join([*texts, _code()])).hexdigest()
    return Standard(slug, tasks, texts[1].decode(), digest, _secret(course))


@cache
def _code() -> bytes:
    """Hash of the code that decides about a grade; what only shows or stores one is not part of it."""
    here = Path(__file__).parent
    files = [*sorted((ROOT / "src" / "scratchlab").rglob("*.py")), *(here / f"{name}.py" for name in DECIDES)]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).digest()


def _secret(course: Path) -> bytes:
    """The course's secret, made on first use and readable by its owner only."""
    path = course / "secret"
    if not path.exists():
        made = path.with_name(f"secret.{os.getpid()}.{secrets.token_hex(4)}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as stream:
            stream.write(secrets.token_hex(32))
        try:
            os.link(made, path)  # of two graders that begin at once, one wins and both use its secret
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_bytes()
