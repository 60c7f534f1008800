"""A proof: kept under _build/proofs/ as long as nothing changes that it depends on, and recorded beside the lab, in proof.json.

The record says for which text of the lab the whole gate was passed. As long as that is the lab's text, tests only look whether
the gate still holds (`LOOK`); the night proves every lab anew.
"""

import hashlib
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

import scratchlab
from labwright import mutate, run, source
from labwright.grading import judge
from labwright.paths import BUILD, LABS, write_atomically

PROOFS = BUILD / "proofs"
RECORD = "proof.json"
LAB_FILES = ("lab.py", "lab.yml", "checks.py", "given.py", "equivalent.txt")
HELPERS = Path(scratchlab.__file__).parent  # what labs and checks import
GATE = (Path(__file__).parent, Path(mutate.__file__), Path(source.__file__), Path(judge.__file__))


class Amount(BaseModel):
    """How much is tried: seeds of right answers from inside and from outside (0, 1, ...), wrong answers, and whether mutants are."""

    model_config = ConfigDict(frozen=True)
    seeds: int = 20
    outside: int = 3
    wrong: int | None = None  # so many for each task; None: all
    mutants: bool = True


LOOK = Amount(seeds=2, outside=1, wrong=1, mutants=False)


class Proof(BaseModel):
    """What was tried for one lab, and what went wrong."""

    slug: str
    problems: list[str] = []
    right: int = 0
    wrong: int = 0
    mutants: int = 0
    killed: int = 0
    survivors: list[str] = []
    seconds: float = 0.0

    @property
    def kill_rate(self) -> float:
        """Share of the mutants that some property caught; mutants declared equivalent do not count."""
        return self.killed / self.mutants if self.mutants else 1.0


class _Kept(BaseModel):
    """A proof and what it is the proof of."""

    key: str
    proof: Proof


class Record(BaseModel):
    """What a lab's proof.json says: the whole gate was passed by the files with this hash."""

    files: str
    date: str
    right: int
    wrong: int
    mutants: int
    killed: int


def key_of(slug: str) -> str:
    """Hash of all that a proof depends on: the lab's files and answers, scratchlab, the gate (its usual amount too), environment."""
    return _hash(f"{Amount()!r}\n{run.environment()}\n", (*_files_of(slug), *_files_of_the_gate()))


def _hash(first: str, files: Iterable[Path]) -> str:
    digest = hashlib.sha256(first.encode())
    for path in files:
        digest.update(f"{path.parent.name}/{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _files_of(slug: str) -> Iterator[Path]:
    lab = LABS / slug
    yield from (path for name in LAB_FILES if (path := lab / name).is_file())
    yield from (*sorted((lab / "right").glob("*.py")), *sorted((lab / "wrong").glob("*.py")))


def _files_of_the_gate() -> Iterator[Path]:
    for place in (HELPERS, *GATE):
        yield from sorted(path for path in place.rglob("*") if path.suffix in (".py", ".toml")) if place.is_dir() else (place,)


def kept(slug: str, amount: Amount) -> Proof | None:
    """The proof of the lab as it is now, if one was kept: only those of the usual amount are."""
    try:
        last = _Kept.model_validate_json((PROOFS / f"{slug}.json").read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    return last.proof if amount == Amount() and last.key == key_of(slug) else None


def keep(proof: Proof, amount: Amount, key: str) -> None:
    """Keep a proof under the key that was computed before it began, unless it has problems or is not of the usual amount."""
    if not proof.problems and amount == Amount():
        write_atomically(PROOFS / f"{proof.slug}.json", _Kept(key=key, proof=proof).model_dump_json(indent=1) + "\n")


def recorded(slug: str) -> Record | None:
    """The record of the lab as it is now, whatever else has changed since; None if its own files are not those that were proven."""
    try:
        record = Record.model_validate_json((LABS / slug / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None
    return record if record.files == _hash("", _files_of(slug)) else None


def record(slug: str) -> Path | None:
    """Write the record of the kept proof, if there is one and the lab has no record of its present text; returns where."""
    proof = kept(slug, Amount())
    if proof is None or recorded(slug):
        return None
    path, counts = LABS / slug / RECORD, proof.model_dump(include={"right", "wrong", "mutants", "killed"})
    made = Record(files=_hash("", _files_of(slug)), date=datetime.now(UTC).date().isoformat(), **counts)
    write_atomically(path, made.model_dump_json(indent=1) + "\n")
    return path
