# %% [markdown]
# # Your first project as a repository
#
# A folder on your disk knows only what it is now. A repository knows how it became so: every version, who made it, why,
# and which of them passed its tests. In this lab you turn a small machine-learning project into a repository that
# others can trust, and you look under the lid first: you write git's own objects, byte by byte, and git will read them.
# On the way you meet a merge conflict, a password that must not be published, and a bug that somebody introduced weeks
# ago. **What does a repository keep, what must it never keep, and how does its history find a bug for you?**

# %% [markdown]
# ## You will learn
#
# - to compute the name that git gives to a file, a folder and a commit, and why nobody can change the past unnoticed;
# - to start a repository that holds all that belongs into it and nothing else, and to prove it with a fresh clone;
# - to resolve a merge conflict so that both people's work survives;
# - to write a guard that stops passwords, huge files and half-resolved conflicts *before* they are committed;
# - to find the commit that broke something with a handful of tests, and to know when such a search goes wrong;
# - to publish the project, with tests that run by themselves, as the first piece of your portfolio.
#
# ## You need
#
# Of Python: functions, dictionaries, `try` and `except`; text (`str`) and bytes (`bytes`) with `.encode()` between
# them; paths are `pathlib.Path` objects (`folder / "name"`, `path.name`, `path.read_bytes()`, `folder.iterdir()`).
# Training set, test set and accuracy are those of the lab *nn-perceptron*. And a program: git, version 2.32 or newer.
# You do not need to have used it before.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import hashlib
import inspect
import math
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

import scratchlab
from scratchlab import plot

lab = scratchlab.start("dev-portfolio", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim
assert shutil.which("git"), "This lab needs git: https://git-scm.com/downloads, or `apt install git`, `brew install git`."

# %% [markdown]
# ## The problem: five folders called final
#
# You know this folder: `project`, `project_old`, `project_final`, `project_final_2`. Which one made the number in the
# report? What changed between the last two? Git answers such questions. It is a program for the command line, and each
# of its commands is a word or two: `git init`, `git add`, `git commit`. Here Python types them for you, through one
# small helper, so that you see every command and the checks can try your work on fresh folders. In a terminal,
# `git(repo, "log", "--oneline")` is `git log --oneline`, typed inside the folder `repo`.
#
# The helper also keeps to itself. It reads none of your own git settings (`SETTINGS` stands in for them), works in
# temporary folders only, and gives every commit the same author and date. The last point has a reason that you will see
# soon.

# %%
WHO = "Ada Example <ada@example.org>"
WHEN = "1767603600 +0000"  # seconds since 1970, and the time zone: 5 January 2026, 9:00 in London
SETTINGS = {
    "init.defaultBranch": "main",  # the name of the first branch
    "init.templateDir": "",  # a new repository starts without git's examples
    "core.autocrlf": "false",  # line ends stay as they are, also on Windows
    "core.fsync": "none",  # nothing here must survive a power cut
    "maintenance.auto": "false",  # no tidying up in the background
}


class GitError(RuntimeError):
    """A git command that failed; the message is what git said."""


def git(repo: Path, *arguments: str, stdin: bytes = b"") -> str:
    """Run one git command in the folder `repo` and return what it prints; GitError if it fails. stdin: bytes to hand in."""
    name, email = WHO.rstrip(">").split(" <")
    environment = {key: value for key, value in os.environ.items() if key not in ("GIT_DIR", "GIT_WORK_TREE")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C"}
    environment["GIT_CEILING_DIRECTORIES"] = str(repo.parent)  # never look for a repository above this folder
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": name, f"GIT_{role}_EMAIL": email, f"GIT_{role}_DATE": WHEN}
    settings = [word for key, value in SETTINGS.items() for word in ("-c", f"{key}={value}")]
    ended = subprocess.run(["git", "-C", str(repo), *settings, *arguments], input=stdin, capture_output=True, env=environment)
    if ended.returncode:
        said = (ended.stderr or ended.stdout).decode("utf-8", "replace").strip()
        raise GitError(f"git {' '.join(arguments)}: {said}")
    return ended.stdout.decode("utf-8", "surrogateescape")


# %%
BENCH = tempfile.TemporaryDirectory(prefix="portfolio-", ignore_cleanup_errors=True)  # goes away when the notebook ends
WORK = Path(BENCH.name)
print(git(WORK, "--version"))

# %% [markdown]
# Now the project. It recognizes handwritten digits in the simplest way that works at all: it remembers the *mean
# picture* of each digit, its *centroid*, and answers with the digit whose mean picture is nearest. Here is the whole
# program, two files of code, one of tests, and what surrounds them. `FILES` maps each path to a text.

# %%
FILES = {
    "nearest/centroid.py": '''"""Nearest centroid: each class is remembered by its mean."""

import numpy as np


def fit(X, t):
    """The classes, shape (k,), and their means, shape (k, d), from features X, shape (n, d), and labels t, shape (n,)."""
    classes = np.unique(t)
    return classes, np.stack([X[t == each].mean(axis=0) for each in classes])


def predict(X, classes, means):
    """For each row of X the class whose mean is nearest."""
    distances = ((X[:, None, :] - means) ** 2).sum(axis=2)
    return classes[distances.argmin(axis=1)]
''',
    "nearest/data/__init__.py": '''"""Reads the digits."""

from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split


def digits(split=0):
    """Training and test features, training and test labels of scikit-learn's handwritten digits."""
    X, t = load_digits(return_X_y=True)
    return train_test_split(X, t, test_size=1 / 3, stratify=t, random_state=split)
''',
}

# %%
FILES |= {
    "nearest/__init__.py": '"""A first machine-learning project."""\n',
    "nearest/__main__.py": '''"""python -m nearest SPLIT prints the accuracy on new digits."""

import sys

from nearest.centroid import fit, predict
from nearest.data import digits

X, X_new, t, t_new = digits(int(sys.argv[1]))
print((predict(X_new, *fit(X, t)) == t_new).mean())
''',
    "tests/test_centroid.py": """import numpy as np

from nearest.centroid import fit, predict
from nearest.data import digits


def test_by_hand():
    model = fit(np.array([[0.0], [2.0], [10.0]]), np.array([7, 7, 9]))
    assert predict(np.array([[4.0], [6.0]]), *model).tolist() == [7, 9]


def test_new_digits():
    X, X_new, t, t_new = digits()
    assert np.mean(predict(X_new, *fit(X, t)) == t_new) > 0.8
""",
}

# %%
FILES |= {
    "README.md": """# Nearest centroid

Recognizes handwritten digits by the nearest mean picture. The numbers below come from `python -m nearest 0`.

    pip install -e . pytest
    pytest
""",
    "CHANGES.md": "Changes\n=======\n\n- nearest centroid\n",
    "pyproject.toml": """[project]
name = "nearest"
version = "0.1.0"
dependencies = ["numpy", "scikit-learn"]

[tool.setuptools]
packages = ["nearest", "nearest.data"]

[tool.pytest.ini_options]
pythonpath = ["."]
""",
    ".env.example": "TOKEN=put-your-own-here\n",
}

# %% [markdown]
# The file below makes GitHub run the tests after every push, on a fresh machine of its own: *continuous integration*,
# CI for short. You will see it at work when you publish.

# %%
FILES |= {
    ".github/workflows/tests.yml": """name: tests
on: [push, pull_request]
permissions:
  contents: read
jobs:
  tests:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-python@v5
        with:
          python-version: "3.12"
      - run: pip install -e . pytest
      - run: pytest
""",
}
PASSWORD = "hf_" + "a1B2c3D4" * 4  # made up; put together here so that no scanner takes it for a real one
LYING_AROUND = {
    ".env": f"TOKEN={PASSWORD}\n",
    "data/raw.csv": "0,0,5,13,9,1\n" * 50_000,
    "weights/best.npz": "not really weights, but large " * 10_000,
    "nearest/__pycache__/centroid.cpython-311.pyc": "made by Python, for Python",
}


# %%
def lay_out(folder: Path, files: dict[str, str]) -> Path:
    """Write the files (path inside the folder -> text) and return the folder; folders that are missing are made."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    return folder


PYTEST = ("-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider")  # leaves nothing in the folder


def run_python(folder: Path, *arguments: str) -> tuple[bool, str]:
    """Run Python in `folder` with these arguments: whether it ended well, and what it printed."""
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    ended = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    return ended.returncode == 0, ended.stdout + ended.stderr


# %%
desk = lay_out(WORK / "desk", FILES | LYING_AROUND)
works_here, said = run_python(desk, *PYTEST)
print(said.rsplit(" in ", 1)[0])
claim("on the author's own machine, the tests pass", works_here)

# %% [markdown]
# It works. Beside the project lie a password, downloaded data, weights, and a folder that Python made, as in every
# real project. What of this goes into a repository, and what exactly *is* a repository?

# %% [markdown]
# ## 1. A name that is made of the content
#
# Git keeps contents in a store, each under a name that is computed from the content itself. For a content of $n$ bytes,
#
# $$\text{name} = \operatorname{SHA1}\big(\texttt{kind}\;\;\texttt{space}\;\;n\;\;\texttt{NUL}\;\;\text{content}\big),$$
#
# where kind is one of `blob` (a file's content), `tree` (a folder), `commit` and `tag`; $n$ is written in decimal, NUL
# is the byte 0, `b"\0"`, and SHA-1 is a *hash function*: it turns any bytes into 160 bits, written as 40 hexadecimal
# digits, and a change of a single bit gives a completely different result. So equal contents have equal names and are
# kept only once, however often they occur. And who changes a content changes its name.
#
# **Predict**: two files with the same text, one called `a.py` and one `b.py`. One name or two?
#
# **Write** `object_id`. `hashlib.sha1(some_bytes).hexdigest()` is the hash as text; `f"{kind} ...".encode()` turns text
# into bytes; bytes are put together with `+`.


# %% solution="object"
def object_id(kind: str, content: bytes) -> str:
    """The name that git gives to an object: 40 hexadecimal digits.

    kind: "blob", "tree", "commit" or "tag". content: the object's bytes, of any length.
    """
    ### BEGIN SOLUTION
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content).hexdigest()
    ### END SOLUTION


# %%
assert object_id("blob", b"") == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"  # the empty file, in every repository on Earth
assert object_id("blob", b"hello\n") == git(WORK, "hash-object", "--stdin", stdin=b"hello\n").strip()

# %% check="object" points=1
check("object")

# %% [markdown]
# The file's name is not part of the content, so the answer is: one. **See it.** Compare the names of two texts that
# differ in one letter. Then the store: git compresses the same bytes that it hashed and writes them into
# `.git/objects`, into a file that is called like the object, with a slash after two digits.

# %%
for text in (b"accuracy 0.90\n", b"accuracy 0.91\n"):
    print(text, object_id("blob", text))


# %%
def store(repo: Path, kind: str, content: bytes) -> str:
    """Put an object into the store of the repository and return its name; what is there already is not written again."""
    name = object_id(kind, content)
    path = repo / ".git" / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zlib.compress(f"{kind} {len(content)}\0".encode() + content))
    return name


def new_repository(folder: Path) -> Path:
    """Make an empty repository in `folder` and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "--quiet")
    return folder


# %%
by_hand = new_repository(WORK / "by-hand")
name = store(by_hand, "blob", b"I am in the store\n")
print("git reads what you wrote:", git(by_hand, "cat-file", "-p", name))

# %% [markdown]
# ## 2. A folder as a tree
#
# A blob does not know what it is called. That is written in a *tree*, which stands for a folder and has one entry for
# each thing in it:
#
# $$\texttt{mode}\;\;\texttt{space}\;\;\texttt{name}\;\;\texttt{NUL}\;\;\text{the object's name as 20 raw bytes}$$
#
# one after another, with nothing in between. The mode is `100644` for a file and `40000` for a folder, whose object is
# again a tree. (Programs have the mode `100755`; we have none.) `bytes.fromhex(name)` makes 20 bytes out of 40 digits.
# What lies in `.git` is not recorded, at any depth: it *is* the store.
#
# The entries are sorted by name, and here lies a trap that has caught many who wrote such code: **a folder is sorted as
# if its name ended with a slash**. Compare a folder `data` with a file `data.csv`: as plain names, `data` comes first.
# But the byte of `.` is 46 and that of `/` is 47, so `data.csv` comes before `data/`. The slash decides only the order;
# it is not part of the entry.
#
# **Predict**: in which order do the files `data-old` and `data0` and the folder `data` come? (`-` is 45, `0` is 48.)
#
# **Write** `write_tree`. It calls `store` for the contents, and itself for folders inside.


# %% solution="tree"
def write_tree(repo: Path, folder: Path) -> str:
    """Put a folder and all that is in it into the store of the repository `repo`; returns the name of its tree.

    Whatever is called ".git" is left out, at any depth. Every file gets the mode 100644. Every folder holds something.
    """
    ### BEGIN SOLUTION
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            entries.append((path.name + "/", f"40000 {path.name}", write_tree(repo, path)))
        elif path.name != ".git":
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
    ### END SOLUTION


# %%
example = lay_out(WORK / "example", {"data/x": "1\n", "data0": "2\n", "data.csv": "3\n", "data-old": "4\n"})
print(git(by_hand, "ls-tree", write_tree(by_hand, example)))

# %%
assert git(by_hand, "ls-tree", "--name-only", write_tree(by_hand, example)).split() == ["data-old", "data.csv", "data", "data0"]

# %% check="tree" points=2
check("tree")

# %% [markdown]
# **See it.** Two things are missing until this is a repository with a history. A *commit* is a third kind of object: a
# few lines of text that name a tree, the commits before it (its *parents*), author, committer, and a message. And a
# *branch* is a file that holds the name of one commit, nothing more. Read the function, then see what git makes of it.


# %%
def write_commit(repo: Path, tree: str, parents: list[str], message: str) -> str:
    """Put a commit into the store and return its name; it says that the project looked like `tree` after `parents`."""
    lines = [f"tree {tree}", *(f"parent {parent}" for parent in parents), f"author {WHO} {WHEN}", f"committer {WHO} {WHEN}"]
    return store(repo, "commit", "\n".join([*lines, "", message, ""]).encode())


def count_objects(repo: Path) -> dict[str, int]:
    """How many objects of each kind are in the store."""
    kinds = git(repo, "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)").split()
    return {kind: kinds.count(kind) for kind in ("blob", "tree", "commit")}


# %%
by_hand = new_repository(WORK / "history")
project = lay_out(WORK / "project", FILES)
first = write_commit(by_hand, write_tree(by_hand, project), [], "Nearest centroid")
before = count_objects(by_hand)
lay_out(project, {"nearest/centroid.py": FILES["nearest/centroid.py"].replace("its mean", "its mean picture")})
second = write_commit(by_hand, write_tree(by_hand, project), [first], "Say what the mean is")
after = count_objects(by_hand)
git(by_hand, "update-ref", "refs/heads/main", second)

print(git(by_hand, "log", "--stat", "--format=%h %an: %s"))
print("new objects of the second commit:", {kind: after[kind] - before[kind] for kind in after})
git(by_hand, "fsck", "--strict")  # git's own inspection; it would fail if a single byte were out of place
record("objects_per_change", sum(after.values()) - sum(before.values()))

# %% [markdown]
# Git shows a history that no git command made. Read the last line: you changed one file out of many, and only what
# lies on the way from that file up to the commit is new, because only these names changed. Everything else is shared
# with the version before.
#
# Now the reason for the fixed author and date: the commit's name is a hash of all this text, so **yours is the name
# that every reader of this lab gets**, if all our bytes are equal. And since the name of a commit contains the name of
# its tree and of its parents, it pins down every byte of every version before it. Nobody can change the past and keep
# the names.
#
# A full copy for each version would be simpler. How much does the store save? We let the project grow for 50 commits,
# one line of a file at a time, and add up the bytes.


# %%
def grow(repo: Path, folder: Path, commits: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Commit `folder` again and again with one line more in a random file; after each: bytes of full copies, of the store."""
    rng, parents, copies, stored = np.random.default_rng(seed), [], [], []
    sources = [folder / name for name in FILES if name.endswith((".py", ".md"))]
    for number in range(commits):
        chosen = sources[rng.integers(len(sources))]
        chosen.write_bytes(chosen.read_bytes() + f"# note {number}: {rng.random():.6f}\n".encode())
        parents = [write_commit(repo, write_tree(repo, folder), parents, f"Note {number}")]
        copies.append(sum((folder / name).stat().st_size for name in FILES))
        stored.append(sum(path.stat().st_size for path in (repo / ".git" / "objects").glob("??/*")))
    git(repo, "update-ref", "refs/heads/main", parents[0])
    return np.cumsum(copies), np.array(stored)


# %%
grown = new_repository(WORK / "grown")
copies, stored = grow(grown, lay_out(WORK / "growing", FILES), lab.params["growth"], lab.seed)
git(grown, "repack", "-a", "-d", "--quiet")
packed = sum(path.stat().st_size for path in (grown / ".git" / "objects" / "pack").glob("*.pack"))
print(f"{copies[-1]:,} bytes as full copies, {stored[-1]:,} in your store, {packed:,} after `git repack`")
record("copies_per_store", copies[-1] / stored[-1])
record("copies_per_pack", copies[-1] / packed)
claim("a pack is several times smaller than the store it was made of", packed < stored[-1] / 2)
plot.lines(
    {"full copies": copies, "your store": stored},
    xs=np.arange(1, len(copies) + 1),
    x="commits",
    y="bytes on the disk",
    caption="What a growing project costs: a full copy of each version, and a store that keeps each content once.",
    alt="Two rising lines that drift apart; that of the store is far below that of the full copies.",
)

# %% [markdown]
# The store still holds a whole new blob for each new line. That is what *packs* are for: now and then git writes
# similar objects as differences from one another, as the last printed number shows. Weights of a network profit from
# none of this: they hardly compress, and after each training every byte is another. Keep that in mind for the next
# section.

# %% [markdown]
# ## 3. Everything that belongs, nothing that does not
#
# Now as one does it every day. Three commands make a commit: `git init` (once), `git add --all`, which puts the
# present state of all files into the *index*, also called the staging area, and `git commit -m "why"`, which makes a
# commit of the index. What git must overlook stands in a file `.gitignore`, one pattern a line:
#
# | pattern | ignores |
# | --- | --- |
# | `*.log` | every file whose name ends like this, in any folder |
# | `runs/` | every *folder* called `runs`, wherever it is |
# | `/runs/` | the folder `runs` at the top only: the slash in front ties the pattern to the place of the `.gitignore` |
# | `.env` | exactly this name, in any folder |
#
# What belongs? What a person wrote: code, tests, README, settings of the tools, and an example of each file that
# others must make themselves (`.env.example`). What does not: passwords (`.env`), what can be downloaded (`data/` at the
# top), what was computed (weights, `*.npz`, in any folder), what Python leaves behind (`__pycache__` in any folder).
# Look at `FILES` again: the name `data` occurs a second time in this project.
#
# When it is done, the version gets a lasting name: `git tag -a v0.1.0 -m "text"` makes an *annotated* tag, an object
# of its own with author, date and message. Without `-a` and `-m`, a tag is no more than a bookmark.
#
# **Predict**: somebody commits `.env`, notices it, deletes the file and commits again. Is the password gone?
#
# **Write** `start_project`: `.gitignore` first, then the commit, then the tag.


# %% solution="project"
def start_project(folder: Path) -> None:
    """Turn a folder with a project into a repository with one commit on the branch main, and the annotated tag v0.1.0 on it.

    Writes .gitignore. Not tracked, now or later: files .env, folders __pycache__ and files *.npz anywhere, and the
    folder data at the top. Everything else is tracked. No file of the folder is deleted or changed.
    """
    ### BEGIN SOLUTION
    (folder / ".gitignore").write_text(".env\n__pycache__/\n*.npz\n/data/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
    ### END SOLUTION


# %%
start_project(desk)
print(git(desk, "ls-files"))

# %%
assert "nearest/centroid.py" in git(desk, "ls-files").split()
assert ".env" not in git(desk, "ls-files").split()
assert git(desk, "status", "--porcelain") == ""  # nothing left to add

# %% check="project" points=2
check("project")

# %% [markdown]
# **See it.** How do you find out that everything is there? Not on your own machine: there, the tests find what was
# never committed. Clone the repository to another place and run the tests in the clone. This is what CI does after
# every push, and what everyone does who tries your project.


# %%
def clean_clone(repo: Path, version: str) -> Path:
    """A fresh clone of a version (branch or tag): what the rest of the world gets."""
    folder = Path(tempfile.mkdtemp(dir=WORK)) / "clone"
    git(repo, "clone", "--quiet", "--branch", version, str(repo), str(folder))
    return folder


def passes(folder: Path) -> bool:
    """Whether the project's tests pass in this folder."""
    return run_python(folder, *PYTEST)[0]


# %%
clone = clean_clone(desk, "v0.1.0")
_, said = run_python(clone, "-m", "nearest", str(lab.seed))
print("accuracy on new digits, from the clone:", said)
record("project_accuracy", float(said))
claim("the tests pass in a fresh clone of v0.1.0", passes(clone))

# %% [markdown]
# Now the same with one character less: a `.gitignore` that says `data/` in place of `/data/`.

# %%
careless = new_repository(lay_out(WORK / "careless", FILES | LYING_AROUND | {".gitignore": ".env\n__pycache__/\n*.npz\ndata/\n"}))
git(careless, "add", "--all")
git(careless, "commit", "-m", "It works on my machine")
_, said = run_python(clean_clone(careless, "main"), "-m", "nearest", "0")
print("status:", git(careless, "status", "--porcelain") or "(nothing to report)")
print(said.splitlines()[-1])
works_here, works_there = passes(careless), passes(clean_clone(careless, "main"))
claim("with one slash missing, the tests pass on the author's machine and fail in every clone", works_here and not works_there)

# %% [markdown]
# Git reports nothing unusual, the author sees nothing unusual, and nobody else in the world can run it.
#
# And the deleted password? A commit adds to the store, it never takes away. Let us look for the bytes.

# %%
leaky = new_repository(lay_out(WORK / "leaky", FILES | {".env": LYING_AROUND[".env"]}))
git(leaky, "add", "--all")
git(leaky, "commit", "-m", "First version")
git(leaky, "rm", "--quiet", ".env")
git(leaky, "commit", "-m", "Remove the password")
print("in the folder:   ", (leaky / ".env").exists())
print("in the history:  ", git(leaky, "log", "-S", PASSWORD, "--format=%s").splitlines())
print("one command away:", git(leaky, "show", "HEAD~1:.env")[:14] + "...")
claim("a password that was deleted again is still in the history", PASSWORD in git(leaky, "show", "HEAD~1:.env"))

# %% [markdown]
# Programs search all of GitHub for such strings around the clock, so a published password must be *revoked*, at once,
# by whoever issued it. Rewriting the history comes second. Better, of course, if it never gets in; that is section 5.

# %% [markdown]
# ## 4. Two people, one line
#
# A *branch* is a second line of commits: `git switch -c scale` starts one called `scale` and goes there, `git switch
# main` goes back. `git merge scale`, called on `main`, makes a commit with **two parents**, the last commit of `main`
# and that of `scale`, in this order. Changes in different places are put together by git. Where both sides changed the
# same lines, it cannot know what you want: the command fails, and the file holds both versions between *markers*:
#
# ```text
# <<<<<<< HEAD
# - a test by hand
# =======
# - pixels scaled to 0 ... 1
# >>>>>>> scale
# ```
#
# You edit the file, `git add` it, which says "this one is resolved", and `git commit` finishes the merge. In a list of
# changes, *both* lines should survive. This helper does the editing. Mind the `elif`: only between markers is a line of
# equal signs a marker; in Markdown it may well be the underline of a heading.


# %%
def keep_both(text: str) -> str:
    """A text with conflict markers, with both sides of each conflict kept, those of HEAD first, and without the markers."""
    kept, inside = [], False
    for line in text.splitlines(keepends=True):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            inside = line.startswith("<")
        elif not (inside and line.startswith("=======")):
            kept.append(line)
    return "".join(kept)


# %% [markdown]
# Is keeping both always right? Far from it: two versions of one line of code, one after the other, are seldom a
# program. There a person decides, and the tests have the last word. Here we merge lists.
#
# Four commands that you need: `git merge --no-ff -m TEXT BRANCH` (`--no-ff`: a merge commit even if git could simply
# move the branch forward); `git diff --name-only --diff-filter=U -z` prints the files with unresolved conflicts, each
# followed by a NUL, `"\0"`, since file names may contain spaces; `git add NAME`; `git commit -m TEXT`. A command that
# fails raises `GitError`. But a conflict is not the only reason to fail: if no file is in conflict, the error is
# another one, and whoever called you must hear of it. In an `except` block, a bare `raise` passes it on.
#
# **Predict**: somebody resolves conflicts by `git merge -X theirs scale`, which takes their side wherever both changed
# a line. No error, no markers. What is lost?
#
# **Write** `merge_both`.


# %% solution="merge"
def merge_both(repo: Path, branch: str) -> None:
    """Merge `branch` into the current branch; in files with conflicts, both sides are kept, those of the current branch first.

    Always makes a merge commit: parents are the commit we are on and the last one of `branch`. Its message is
    "Merge BRANCH". If git fails for another reason than conflicts, its GitError goes to the caller.
    """
    ### BEGIN SOLUTION
    message = f"Merge {branch}"
    try:
        git(repo, "merge", "--no-ff", "-m", message, branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        if not names:
            raise
        for name in names:
            path = repo / name
            path.write_bytes(keep_both(path.read_bytes().decode()).encode())
            git(repo, "add", name)
        git(repo, "commit", "-m", message)
    ### END SOLUTION


# %%
def change(repo: Path, name: str, old: str, new: str, message: str) -> None:
    """Replace the text `old` of a file by `new` and commit that."""
    text = (repo / name).read_bytes().decode()
    assert old in text, f"{old!r} is not in {name}"
    (repo / name).write_bytes(text.replace(old, new).encode())
    git(repo, "commit", "--all", "-m", message)


# %%
team = lay_out(WORK / "team", FILES)
git(new_repository(team), "add", "--all")
git(team, "commit", "-m", "Nearest centroid, with tests")
git(team, "switch", "-c", "scale")
change(team, "nearest/data/__init__.py", "split(X, t", "split(X / 16, t", "Scale the pixels")
change(team, "CHANGES.md", "centroid\n", "centroid\n- pixels scaled to 0 ... 1\n", "Tell about the pixels")
git(team, "switch", "main")
change(team, "CHANGES.md", "centroid\n", "centroid\n- the README says how to run it\n", "Tell about the README")
merge_both(team, "scale")
assert (team / "CHANGES.md").read_text().splitlines()[-2:] == ["- the README says how to run it", "- pixels scaled to 0 ... 1"]
assert len(git(team, "log", "-1", "--format=%P").split()) == 2

# %% check="merge" points=2
check("merge")

# %% [markdown]
# **See it.** The history with its two lines, drawn by git, newest commit first; and the list of changes, with the lines
# of both people. With `-X theirs` your own line would have vanished without a word.

# %%
print(git(team, "log", "--graph", "--format=%h %s"))
print((team / "CHANGES.md").read_text())
claim("the tests pass in a fresh clone of the merged project", passes(clean_clone(team, "main")))

# %% [markdown]
# Why run the tests again, when each branch had passed them? Because a merge is a version that nobody has run before.
# One side may rename a function that the other side starts to use: no line in common, no conflict, and a broken
# program. This is why teams let CI test the *merged* state before it reaches `main`.

# %% [markdown]
# ## 5. A guard at the door
#
# Before each commit git runs the program `.git/hooks/pre-commit`, if there is one, and makes no commit if that ends with
# an error: a *hook*. Yours will refuse three things: secrets, files of more than 500,000 bytes, and conflict markers
# that somebody forgot.
#
# Which bytes should it look at? Here most home-made hooks go wrong: they open the files in the folder. But a commit is
# made of the **index**, of what was there at the moment of `git add`, and the file may have been edited since then.
# Somebody stages a password, notices it, deletes it in the editor, and commits: the file is clean, the commit is not.
# The other way round, a half-finished line in the editor is no reason to refuse a commit that does not contain it.
#
# `git diff --cached --name-only --diff-filter=d -z` lists the files that the commit would change (`d`: except those that
# it deletes), each followed by a NUL. `git show :NAME` prints the content of a file *in the index*; mind the colon. The
# helper returns it as text; `git cat-file -s :NAME` prints its size in bytes.
#
# **Predict**: which of the three dangers hides in a commit that *deletes* the file `.env`?
#
# **Write** `refused`. `SECRET.search(text)` says whether something like a token occurs in a text, `MARKER.search(text)`
# whether a line of it is a conflict marker.

# %%
LIMIT = 500_000  # bytes
SECRET = re.compile(r"\b(hf|ghp|sk)_[A-Za-z0-9]{20,}")  # how tokens of Hugging Face, GitHub and others begin
MARKER = re.compile(r"^(<<<<<<<|>>>>>>>) ", re.MULTILINE)


# %% solution="hook"
def refused(repo: Path) -> list[tuple[str, str]]:
    """What a commit of the index must be refused for: pairs of a file's path and a reason, in any order.

    The reasons are "secret", "large" (more than LIMIT bytes) and "conflict" (a conflict marker); a file may have several.
    Only files that the commit adds or changes count, with the content that they have in the index.
    """
    ### BEGIN SOLUTION
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=d", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
    ### END SOLUTION


# %%
guarded = new_repository(lay_out(WORK / "guarded", {"notes.txt": f"my token is {PASSWORD}\n"}))
assert refused(guarded) == []  # not staged, so no danger yet
git(guarded, "add", "notes.txt")
assert refused(guarded) == [("notes.txt", "secret")]

# %% check="hook" points=2
check("hook")

# %% [markdown]
# **See it.** Your function becomes a real hook: a small shell script starts Python with your code in a file beside it.
# The bits `0o755` make the script executable; without them git would ignore it, with no more than a hint.


# %%
def install_hook(repo: Path) -> None:
    """Let `refused` decide about every commit in this repository."""
    constants = f"WHO, WHEN, SETTINGS, LIMIT = {WHO!r}, {WHEN!r}, {SETTINGS!r}, {LIMIT}\nSECRET = re.compile({SECRET.pattern!r})\n"
    constants += f"MARKER = re.compile({MARKER.pattern!r}, re.MULTILINE)\n"
    constants += "GitError = RuntimeError\n"
    code = "\n\n".join(inspect.getsource(each) for each in (git, refused))
    end = 'problems = refused(Path.cwd())\nsys.exit("\\n".join(f"{name}: {reason}" for name, reason in problems) or 0)\n'
    imports = "import os\nimport re\nimport subprocess\nimport sys\nfrom pathlib import Path\n\n"
    script = f'#!/bin/sh\nexec "{Path(sys.executable).as_posix()}" "$(dirname "$0")/pre_commit.py"\n'
    lay_out(repo / ".git" / "hooks", {"pre_commit.py": f"{imports}{constants}\n{code}\n\n{end}", "pre-commit": script})
    (repo / ".git" / "hooks" / "pre-commit").chmod(0o755)


def try_to_commit(repo: Path, message: str) -> bool:
    """Commit the index; whether git did it. What the hook said is printed."""
    try:
        git(repo, "commit", "-m", message)
    except GitError as error:
        print(f"{message}: refused\n    {str(error).splitlines()[-1]}")
        return False
    print(f"{message}: committed")
    return True


# %%
install_hook(guarded)
went_through = [try_to_commit(guarded, "A staged token")]
lay_out(guarded, {"notes.txt": "my token is in .env\n"})
went_through += [try_to_commit(guarded, "Removed in the editor only")]
git(guarded, "add", "notes.txt")
went_through += [try_to_commit(guarded, "Removed and staged")]
lay_out(guarded, {"weights.bin": "0" * (LIMIT + 1)})
git(guarded, "add", "--all")
went_through += [try_to_commit(guarded, "Half a megabyte of weights")]
claim("real commits are refused and let through as the index demands", went_through == [False, False, True, False])

# %% [markdown]
# Look at the second attempt: the file in the folder was clean already. (And a commit that deletes `.env`? It brings
# nothing dangerous in, so it may pass; that the password is still in the older commits, you know.) A hook lives in `.git`, so it is not copied by a
# clone, and `git commit --no-verify` goes around it. It protects you from yourself; what must hold for everybody belongs
# into CI as well. Nobody writes hooks by hand for long: the tool *pre-commit* installs them from a list of ready-made
# ones (`detect-private-key`, `check-added-large-files`, `check-merge-conflict`: you know what they do).

# %% [markdown]
# ## 6. Who broke it?
#
# The program was right at commit 0 and is wrong today, 63 commits later, and a test can tell right from wrong. Trying
# one commit after the other takes up to 62 tests. But each test of a commit in the *middle* halves the question: if it
# is broken there, the culprit is that one or an earlier one; if not, a later one. Keep two places, a commit known to be
# good and a later one known to be bad, and halve the distance until they are neighbors. For $n$ commits, with a good
# first and a bad last one, that takes at most
#
# $$\lceil \log_2 (n - 1) \rceil$$
#
# tests ($\lceil\;\rceil$: rounded up). Git calls this `git bisect`.
#
# **Predict**: how many tests for 1,000 commits? And for twice as many?
#
# **Write** `first_bad`. The two ends are known and need no test.


# %% solution="bisect"
def first_bad(commits: list[str], is_bad: Callable[[str], bool]) -> str:
    """The commit that broke it: a bad one whose predecessor is good.

    commits: names, the oldest first; the first is known to be good, the last to be bad (at least two). is_bad: tests one
    commit. It is called at most ceil(log2(len(commits) - 1)) times, never for the two ends.
    """
    ### BEGIN SOLUTION
    good, bad = 0, len(commits) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_bad(commits[middle]):
            bad = middle
        else:
            good = middle
    return commits[bad]
    ### END SOLUTION


# %%
assert first_bad(["a", "b", "c", "d", "e"], lambda commit: commit >= "c") == "c"
assert first_bad(["good", "bad"], lambda commit: 1 / 0) == "bad"  # nothing to test: the ends are known

# %% check="bisect" points=1
check("bisect")

# %% [markdown]
# ## Experiment: tests until the culprit is found
#
# For 20 seeds: a real repository of 64 commits, each of which changes a small program; at a random one of them, a `min`
# becomes a `max`. A test of a commit reads the program as it was then, out of the store, and runs it. Your search
# competes with the patient one that starts at the oldest.
#
# `git fast-import` reads a whole history from one text, which saves us hundreds of calls.


# %%
def history_with_a_bug(repo: Path, length: int, culprit: int) -> list[str]:
    """Make a repository of `length` commits in which number `culprit` (from 0) breaks the program; returns their names."""
    stream = []
    test = "from program import nearest\nassert nearest(0.1, {'zero': 0.0, 'one': 1.0}) == 'zero'\n"
    for number in range(length):
        choose = "max" if number >= culprit else "min"
        program = f"# version {number}\ndef nearest(x, means):\n    return {choose}(means, key=lambda name: abs(x - means[name]))\n"
        stream += [f"commit refs/heads/main\ncommitter {WHO} {WHEN}", f"data <<END\nVersion {number}\nEND"]
        stream += [f"M 100644 inline program.py\ndata <<END\n{program}END", f"M 100644 inline test_program.py\ndata <<END\n{test}END"]
    git(new_repository(repo), "fast-import", "--quiet", stdin=("\n".join(stream) + "\n").encode())
    return git(repo, "rev-list", "--reverse", "main").split()


def is_broken(repo: Path, commit: str) -> bool:
    """Whether the program of this commit takes the farthest for the nearest."""
    scope: dict = {}
    exec(git(repo, "show", f"{commit}:program.py"), scope)
    return scope["nearest"](0.1, {"zero": 0.0, "one": 1.0}) != "zero"


# %%
def first_bad_slowly(commits: list[str], is_bad: Callable[[str], bool]) -> str:
    """The same by trying one commit after the other, from the oldest on."""
    return next((commit for commit in commits[1:-1] if is_bad(commit)), commits[-1])


def tests_needed(seed: int) -> tuple[int, int]:
    """For one random culprit, the number of tests that the patient search and your search take."""
    culprit, length = int(np.random.default_rng(seed).integers(1, lab.params["commits"])), lab.params["commits"]
    repo = WORK / f"history-{seed}"
    commits, counts = history_with_a_bug(repo, length, culprit), []
    for search in (first_bad_slowly, first_bad):
        tested = []
        found = search(commits, lambda commit, tested=tested: tested.append(commit) or is_broken(repo, commit))
        assert found == commits[culprit], f"{search.__name__} blames the wrong commit"
        counts.append(len(tested))
    return counts[0], counts[1]


def bootstrap_interval(values: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """The 95 % bootstrap interval of the mean of `values`, shape (n,): its lower and its upper end."""
    means = np.random.default_rng(seed).choice(values, size=(2000, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


# %%
results = np.array([tests_needed(seed) for seed in lab.seeds(lab.params["seeds"])]).T
needed = dict(zip(("one after the other", "halving"), results, strict=True))
intervals = {name: bootstrap_interval(counts) for name, counts in needed.items()}
for name, counts in needed.items():
    low, high = intervals[name]
    print(f"{name:20s} {counts.mean():5.1f} tests on average ({low:.1f} to {high:.1f}), at most {counts.max()}")
record("tests_one_by_one", needed["one after the other"].mean())
record("tests_halving", needed["halving"].mean())
claim("halving never needed more than log2 of the commits", needed["halving"].max() <= math.log2(lab.params["commits"]))
claim("halving needs fewer tests: the intervals do not touch", intervals["halving"][1] < intervals["one after the other"][0])
plot.bars(
    {name: counts.mean() for name, counts in needed.items()},
    errors=intervals,
    y="tests until the culprit was found",
    caption="Tests needed to find a bug in 64 commits: mean over 20 random places of the bug, with 95 % intervals.",
    alt="Two bars: a tall one with a long interval for one after the other, a low one with a very short interval for halving.",
    width=4.2,
)

# %% [markdown]
# Halving costs nearly the same wherever the bug is; one after the other is a lottery. For 1,000 commits it takes ten
# tests, and for twice as many just one more. Both found the right commit every time. But did you notice what that
# rested on? The test never erred.
#
# In machine learning, tests do err. "Trains to 90 %" may hold by luck on a broken program. Suppose a test overlooks the
# bug with probability $p$: it calls a bad commit good. One such mistake, and the search goes on in the wrong half and
# never comes back. If we repeat each test $r$ times and call a commit bad as soon as one of them fails, it overlooks
# the bug with probability $p^r$ only.
#
# **Predict**: $p = 0.2$, 64 commits. In how many of 100 searches is the right commit blamed? And with $r = 3$?


# %%
def share_right(p: float, repeats: int, seed: int, searches: int = 100) -> float:
    """How often `first_bad` blames the right one of 64 commits, if a test overlooks the bug with probability p."""
    rng, right = np.random.default_rng([seed, repeats]), 0
    commits = list(range(lab.params["commits"]))
    for culprit in rng.integers(1, len(commits), size=searches):
        found = first_bad(commits, lambda commit, culprit=culprit: bool(commit >= culprit and np.any(rng.random(repeats) >= p)))
        right += bool(found == culprit)
    return right / searches


# %%
chances = np.array([0.0, 0.1, 0.2, 0.3, 0.4])
seeds = lab.seeds(lab.params["seeds"])
shares = {r: np.array([[share_right(p, r, seed) for seed in seeds] for p in chances]) for r in (1, 3)}  # (chances, seeds)
ends = {r: np.array([bootstrap_interval(row) for row in shares[r]]).T for r in shares}
for r, rows in shares.items():
    print(f"each test {r}x:", "  ".join(f"p = {p:.1f}: {row.mean():.0%}" for p, row in zip(chances, rows, strict=True)))
record("right_once", shares[1][2].mean())
record("right_three_times", shares[3][2].mean())
claim("one overlooked bug in five spoils the search more than one time in three", ends[1][1][2] < 2 / 3)
claim("three repetitions repair most of it", ends[3][0][2] > 0.9)
plot.lines(
    {f"each test {'once' if r == 1 else 'three times'}": shares[r].mean(axis=1) for r in shares},
    bands={f"each test {'once' if r == 1 else 'three times'}": tuple(ends[r]) for r in shares},
    xs=chances,
    x="probability p that a test overlooks the bug",
    y="share of right answers",
    caption="Searching with an unreliable test, over 20 times 100 searches. Bands: 95 % intervals of the mean.",
    alt="Two falling curves that start at one; the curve for single tests falls steeply, the one for three repetitions slowly.",
)

# %% [markdown]
# The cheapest repair is not repetition, though: it is a test that cannot err. Fix the seed, and compare numbers with
# numbers in place of an accuracy with a threshold. (A test that now and then fails on *good* commits does the same
# damage in the other direction, and there, repeating until one fails makes it worse.)

# %% [markdown]
# ## Against the real thing
#
# Git itself has been looking over your shoulder all the time. Now with random material: folders of random files, some
# with names that are hard to sort, are put into the store by you and by git. And `git bisect run` searches one of the
# histories above; it checks out one commit after the other and runs the test as a program. (`-B` keeps Python from
# leaving compiled files, which would not notice that the source changes several times a second.)


# %%
def random_folder(folder: Path, rng: np.random.Generator) -> Path:
    """A folder of ten files with random contents, some of them in folders whose names are hard to sort."""
    names = [f"{stem}{end}" for stem in ("a", "ab", "a b") for end in ("", ".c", "-c", "0", "/x", "/y.c", "/z/x")]
    chosen = dict.fromkeys(rng.permutation(names).tolist())
    folders = {name.split("/")[0] for name in chosen if "/" in name}
    chosen = [name for name in chosen if name not in folders][:10]
    return lay_out(folder, {name: str(rng.random(int(rng.integers(0, 50)))) for name in chosen})


def tree_by_git(repo: Path) -> str:
    """The name of the tree that git itself makes of this repository's folder."""
    git(repo, "add", "--all")
    return git(repo, "write-tree").strip()


# %%
rng, agreed = np.random.default_rng(lab.seed), []
for number in range(lab.params["folders"]):
    repo = new_repository(random_folder(WORK / f"random-{number}", rng))
    mine = write_tree(repo, repo)
    message = f"Random folder {number}"
    commit = write_commit(repo, mine, [], message)
    agreed.append((mine, commit) == (tree_by_git(repo), git(repo, "commit-tree", mine, "-m", message).strip()))
record("same_names", sum(agreed))
claim("your trees and commits have the names that git gives them", all(agreed))

# %%
repo = WORK / f"history-{lab.seeds(lab.params['seeds'])[0]}"
commits = git(repo, "rev-list", "--reverse", "main").split()
git(repo, "checkout", "--quiet", "--force", "main")
git(repo, "bisect", "start", commits[-1], commits[0])
git(repo, "bisect", "run", sys.executable, "-B", "test_program.py")
blamed = git(repo, "rev-parse", "refs/bisect/bad").strip()
git(repo, "bisect", "reset")
print("git blames:", git(repo, "log", "-1", "--format=%h %s", blamed))
claim("git bisect run blames the commit that first_bad blames", blamed == first_bad(commits, lambda each: is_broken(repo, each)))

# %% [markdown]
# What does git do better? It packs; it checks SHA-1 for known ways to forge collisions, and can use SHA-256
# (`git init --object-format=sha256`); its index remembers which files have not changed, so that a commit in a
# repository of 100,000 files takes no longer than it must; `git bisect` handles histories with merges and commits that
# cannot be tested (`skip`). From Python, *GitPython* calls git like your helper, and *dulwich* is git written in Python:
# its trees are sorted like yours.

# %% [markdown]
# ## Publish it
#
# This part happens outside of the notebook, and no check can do it for you. Take the project above, or better, the code
# of a lab that you have finished, in a folder of its own outside of this book:
#
# - Tell git who you are: `git config --global user.name "..."`, and `user.email`. GitHub offers an address that does
#   not reveal yours. Write `.gitignore`, then `git init -b main`, `git add --all`, and read `git status` before you
#   commit.
# - Make an account on github.com, with two-factor authentication; make an *empty* repository there; then
#   `git remote add origin ADDRESS`, `git push -u origin main`, `git push origin v0.1.0`.
# - On the page of the repository, under *Actions*, wait for the green tick of the tests. Then break a test on a branch,
#   open a pull request, and see the red cross before anybody merges it.
# - Add a license (MIT or Apache-2.0 are usual), a description and topics; pin the repository to your profile.
# - Ask a friend to clone it and to follow your README without asking you anything. What they ask belongs into it.

# %% [markdown] answer="readme" points=2
# ## In your own words
#
# 1. Write the first ten lines or so of the README for your own first project. Somebody should know after half a minute
#    what it does, how well, how to run it, and from which version the number comes.
# 2. A friend pushed a token to a public repository an hour ago and has just pushed a commit that deletes it. Explain
#    in terms of objects why that does not help, and say what to do, in which order.
#
# ### BEGIN SOLUTION
# 1. For instance: "**Nearest centroid** recognizes handwritten digits (8 by 8 pixels, scikit-learn) by the nearest mean
#    picture. Accuracy on the third of the digits that it has not seen: about 90 % (version v0.1.0, split 0; `python -m
#    nearest 0` prints it). Install: `pip install -e . pytest`. Test: `pytest`, ten seconds. Known limits: one mean
#    per digit cannot tell two ways to write a 1." With a picture of some errors.
# 2. The new commit names a new tree without the file; the old commit, its tree and the blob with the token stay in the
#    store, are part of every clone, and are found by programs within minutes. First revoke the token where it was
#    issued (from then on it is worthless); then look whether it was used; then, if wanted, rewrite the history with a
#    tool like git filter-repo, force-push, and tell everybody who has a clone; at last put a hook and GitHub's push
#    protection in place so that it does not happen again.
#
# *Rubric*: 1 point for a README that has all four: what, a result with its data, commands that run, the version; half
# of it if one is missing. 1 point for the blob that stays reachable from the old commit, and for revoking first; half
# of it if the history is rewritten first or the reason is missing.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **`.gitignore` written after `git add`.** It works for files that are not tracked yet; a tracked file stays tracked
#   until `git rm --cached NAME`.
# - **Weights and data in the history.** Deleting them later does not shrink any clone. Use a release page, a hub for
#   models, Git LFS or DVC, and keep the *address* and a hash in the repository.
# - **An empty folder that is gone after cloning.** Git records files; a folder without one does not exist for it. People
#   put an empty file `.gitkeep` into it.
# - **Notebooks with outputs.** Pictures and tokens hide in them, and each run changes them. Clear the outputs before
#   you commit (the tool *nbstripout* does it as a hook), or keep notebooks as text, as this book does.
# - **"update", "fix", "fix2".** The message says *why*; what changed, git knows.
# - **Panic after a mistake.** Whatever was committed is found again with `git reflog` for weeks, even after `git reset
#   --hard`. What was never committed is not.
# - **A test with a random seed in a bisection.** You have seen what one wrong answer does.
#
# ## Scale it up
#
# This lab has a `cpu` profile only: its work consists of small files and processes. What grows is the project. Large
# teams keep `main` always working: no direct pushes, every change by a pull request that CI has tested and a person has
# read. Large histories are cloned in part (`git clone --filter=blob:none`). Models get versions like code, but in their
# own stores: the Hugging Face Hub is made of git repositories with large files kept aside. And every training run
# writes down the commit it was made with (`git rev-parse HEAD`, and whether `git status --porcelain` was empty); you
# will do that in *torch-first-cloud-run*.
#
# ## Exercises
#
# 1. [conceptual] Your friend changed one letter of a commit message ten commits ago (`git rebase`). Which objects got
#    new names, and which kept theirs? *Success*: you can say how many commits, trees and blobs are new, and check it
#    with `count_objects` in a history made by `write_commit`.
# 2. [short-code] Let `write_tree` leave out folders without any file in them, as git does, also nested ones. *Success*:
#    its name still equals that of `tree_by_git` after you add the folders `e` and `e/f` to a random folder.
# 3. [short-code] Read an object back: `load(repo, name)` decompresses the file, splits header and content, and raises
#    ValueError if the content does not have its name. *Success*: it reads everything in `by_hand`, and raises after you
#    flip one byte of an object's uncompressed content.
# 4. [short-code] Let the hook refuse notebooks with outputs: files that end in `.ipynb` and in whose JSON a cell has a
#    non-empty `"outputs"`. *Success*: a notebook with an output is refused, the same with cleared outputs goes through.
# 5. [extended] Let `first_bad` handle a third answer of the test, None: "cannot be tested" (it does not even start).
#    *Success*: with a random tenth of 64 commits untestable it finds the culprit, or a shortest range of commits which
#    must contain it, in all of 200 random histories.
#
# ## References
#
# - S. Chacon and B. Straub (2014). *Pro Git.* 2nd edition, Apress. <https://git-scm.com/book>. Chapter 10, *Git
#   Internals*: objects, references, packs; chapter 7: *Advanced Merging*, *Debugging with Git*.
# - Git's manual: <https://git-scm.com/docs/gitignore> (the slash in front), <https://git-scm.com/docs/githooks>,
#   <https://git-scm.com/docs/git-bisect>, <https://git-scm.com/docs/gitformat-pack>.
# - M. Meli, M. R. McNiece and B. Reaves (2019). *How bad can it git? Characterizing secret leakage in public GitHub
#   repositories.* NDSS. <https://doi.org/10.14722/ndss.2019.23418>. How many tokens leak, and how long they stay.
# - M. Stevens and others (2017). *The first collision for full SHA-1.* CRYPTO.
#   <https://doi.org/10.1007/978-3-319-63688-7_19>. Why git has a way to SHA-256.
# - The tool *pre-commit*, <https://pre-commit.com>, and its ready-made hooks,
#   <https://github.com/pre-commit/pre-commit-hooks>.
# - GitHub's documentation: *Removing sensitive data from a repository*, and *Building and testing Python*,
#   <https://docs.github.com>. The digits are those of *nn-perceptron*.
