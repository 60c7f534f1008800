"""A lab run as a program, where there is no Jupyter: `python labs/SLUG/lab.py --profile h100 --record FILE`."""

import atexit
import datetime
import hashlib
import json
import os
import sys
import time
import traceback
from dataclasses import dataclass
from pathlib import Path

from scratchlab.errors import ScratchlabError
from scratchlab.labs import labs_folder
from scratchlab.profile import PROFILES


@dataclass(frozen=True)
class Options:
    """What was asked for on the command line; None where nothing was."""

    profile: str | None = None
    seed: int | None = None
    record: Path | None = None


def options(slug: str) -> Options:
    """The options of the running program, if that is the lab's own lab.py."""
    program = getattr(sys.modules["__main__"], "__file__", None)
    if program is None or Path(program).resolve() != source_of(slug):
        return Options()
    import argparse

    parser = argparse.ArgumentParser(description=f"The lab {slug} as a program; labs/{slug}/lab.py is also its text.")
    parser.add_argument("--profile", choices=PROFILES, help="without it, whatever this machine is")
    parser.add_argument("--seed", type=int, help="instead of the seed in lab.yml")
    parser.add_argument("--record", type=Path, metavar="FILE", help="write what the run reported; `labwright record FILE` takes it")
    return Options(**vars(parser.parse_args()))


def source_of(slug: str) -> Path:
    """The lab's lab.py."""
    return (labs_folder() / slug / "lab.py").resolve()


def keep_record(lab, target: Path) -> None:
    """Write what `lab` reports to `target` when this program ends, also if it fails; of several processes only rank 0 writes."""
    if os.environ.get("RANK", "0") != "0":
        return
    target = target.resolve()  # a lab may change its working directory
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text("")  # now, not after hours of computing
    except OSError as error:
        raise ScratchlabError(f"The record cannot be written to {target} ({error.strerror}). Name another file with --record.") from None
    from scratchlab import usage

    began, source, errors, show = time.perf_counter(), source_of(lab.slug), [], sys.excepthook

    def note(kind, value, trace) -> None:
        lines = [frame.lineno for frame in traceback.extract_tb(trace) if Path(frame.filename).resolve() == source]
        errors.append(f"lab.py, line {lines[-1] if lines else '?'}, raised {kind.__name__}: {value}")
        show(kind, value, trace)

    def write() -> None:
        result = {
            "slug": lab.slug,
            "profile": lab.profile,
            "key": "",
            "source": hashlib.sha256(source.read_bytes()).hexdigest(),
            "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
            "seconds": round(time.perf_counter() - began, 2),
            "metrics": lab.metrics,
            "claims": lab.claims,
            "checks": lab.checks,
            "error": "".join(errors),
        }
        partial = target.with_name(f".{target.name}.{os.getpid()}")
        partial.write_text(json.dumps(result | usage.facts(lab), indent=1) + "\n", encoding="utf-8")
        os.replace(partial, target)

    sys.excepthook = note
    atexit.register(write)
