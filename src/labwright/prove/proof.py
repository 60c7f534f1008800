"""A proof, kept under _build/proofs/ as long as nothing changes that it depends on."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

import scratchlab
from labwright import mutate, run, source
from labwright.grading import judge
from labwright.paths import BUILD, LABS, write_atomically

PROOFS = BUILD / "proofs"
LAB_FILES = ("lab.py", "lab.yml", "checks.py", "given.py", "equivalent.txt")
HELPERS = Path(scratchlab.__file__).parent  # what labs and checks import
GATE = (Path(__file__).parent, Path(mutate.__file__), Path(source.__file__), Path(judge.__file__))


class Amount(BaseModel):
    """How much is tried: seeds of right answers from inside and from outside (0, 1, ...), and whether mutants are."""

    model_config = ConfigDict(frozen=True)
    seeds: int = 20
    outside: int = 3
    mutants: bool = True


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


def key_of(slug: str) -> str:
    """Hash of all that a proof depends on: the lab's files and answers, scratchlab, the gate (its usual amount too), environment."""
    digest = hashlib.sha256(f"{Amount()!r}\n{run.environment()}\n".encode())
    for path in _files(slug):
        digest.update(f"{path.parent.name}/{path.name} {path.stat().st_size}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def _files(slug: str) -> Iterator[Path]:
    lab = LABS / slug
    yield from (path for name in LAB_FILES if (path := lab / name).is_file())
    yield from (*sorted((lab / "right").glob("*.py")), *sorted((lab / "wrong").glob("*.py")))
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
