"""Which labs a change can break, told from the files that changed: those labs, and whoever needs them."""

import subprocess
from collections.abc import Iterable
from fnmatch import fnmatchcase

from labwright import contract
from labwright.paths import ROOT
from scratchlab.errors import ScratchlabError
from scratchlab.labs import known_labs

# No lab's run or proof depends on these. Whatever is neither here nor under labs/ may matter to every lab.
HARMLESS = """
    *.md CITATION.cff LICENSE* Makefile _toc.yml environment.yml .gitignore .pre-commit-config.yaml
    .ci/* .github/* benchmarks/* book/* grading/* results/* tests/*
    src/labwright/site/* src/labwright/curriculum.py src/labwright/affected.py src/labwright/staleness.py src/labwright/tools.*
""".split()


def labs(changed: Iterable[str]) -> list[str]:
    """The labs that a change of these files (paths from the checkout's top, with '/') can break, sorted."""
    touched = set()
    for path in changed:
        folder, *inside = path.split("/")
        if folder == "labs" and len(inside) > 1:
            touched.add(inside[0])
        elif not any(fnmatchcase(path, pattern) for pattern in HARMLESS):
            return known_labs()
    return with_dependants(touched)


def with_dependants(slugs: Iterable[str]) -> list[str]:
    """These labs, as far as they exist, and all that need one of them, directly or not, sorted."""
    needs = {slug: set(contract.read(slug).needs) for slug in known_labs()}
    reached = set(slugs)
    while grown := {slug for slug in needs.keys() - reached if needs[slug] & reached}:
        reached |= grown
    return sorted(reached & needs.keys())


def changed_since(reference: str) -> list[str]:
    """Files that differ from where this branch left `reference`, uncommitted and new ones included.

    Errors: ScratchlabError if git does not know the reference.
    """
    base = _git("merge-base", reference, "HEAD").strip()
    names = _git("diff", "--relative", "--name-only", "--no-renames", "-z", base)
    names += _git("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({name for name in names.split("\0") if name})


def _git(*command: str) -> str:
    done = subprocess.run(["git", "-C", str(ROOT), *command], capture_output=True, text=True)
    if done.returncode != 0:
        said = done.stderr.strip() or "the two have no commit in common"
        raise ScratchlabError(f"git {command[0]}: {said}\nName a commit that is here: a shallow clone needs `git fetch --unshallow`.")
    return done.stdout
