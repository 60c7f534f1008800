"""References of the lab dev-portfolio, and the scenes in which the checks put the learner's functions: folders, repositories and
branches. All of it runs where the learner's code is; its text is sent there when a grader judges from outside. It needs only
git. Every file lies in a temporary folder, and no git command sees the settings of the person at the keyboard.
"""

import hashlib
import os
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

# ---- tools -------------------------------------------------------------------------------------------------------------


def run_git(repo, *arguments, stdin=b""):
    """What a git command prints; RuntimeError if it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "GIT_CEILING_DIRECTORIES": str(repo.parent)}
    for role in ("AUTHOR", "COMMITTER"):
        environment |= {f"GIT_{role}_NAME": "Check", f"GIT_{role}_EMAIL": "check@example.org", f"GIT_{role}_DATE": "1767603600 +0000"}
    settings = ("core.autocrlf=false", "core.fsync=none", "maintenance.auto=false")
    command = ["git", "-C", str(repo), *(word for each in settings for word in ("-c", each)), *arguments]
    ended = subprocess.run(command, input=stdin, capture_output=True, env=environment)
    if ended.returncode:
        raise RuntimeError(ended.stderr.decode("utf-8", "replace"))
    return ended.stdout.decode("utf-8", "surrogateescape")


def asked(repo, *arguments):
    """What a git command prints, without white space around it; None if it fails."""
    try:
        return run_git(repo, *arguments).strip()
    except RuntimeError:
        return None


def lay_out(folder, files):
    """Write files: path inside the folder -> bytes."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def new_repository(repo):
    """An empty repository, made without git, which takes longer: what git must find so that it takes a folder for one."""
    for name in ("objects", "refs/heads"):
        (repo / ".git" / name).mkdir(parents=True)
    (repo / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    return repo


def contents(folder):
    """The files in a folder, path -> bytes, without what is in its own .git."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder).as_posix()): path.read_bytes() for path in files if path.relative_to(folder).parts[0] != ".git"}


def object_id(kind, content):
    """The name of an object."""
    return hashlib.sha1(kind.encode() + b" %d\0" % len(content) + content).hexdigest()


def store(repo, kind, content):
    """Put an object into the store; what stands in for the lab's own."""
    name = object_id(kind, content)
    path = repo / ".git" / "objects" / name[:2] / name[2:]
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(zlib.compress(f"{kind} {len(content)}\0".encode() + content))
    return name


def hashed_by_git(cases):
    """The names that git gives to contents: pairs of kind and bytes."""
    with tempfile.TemporaryDirectory() as folder:
        literally = ("hash-object", "--literally", "--stdin", "-t")
        return [run_git(Path(folder), *literally, kind, stdin=content).strip() for kind, content in cases]


# ---- tree --------------------------------------------------------------------------------------------------------------


def tree_name(files, slash=True):
    """The name of the tree of some files, by dictionaries; slash = False: folders are sorted by their plain names."""
    here, inside = {}, {}
    for name, content in files.items():
        top, _, rest = name.partition("/")
        if rest:
            inside.setdefault(top, {})[rest] = content
        else:
            here[top] = ("100644", object_id("blob", content))
    here |= {top: ("40000", tree_name(each, slash)) for top, each in inside.items()}
    order = sorted(here, key=lambda name: name + "/" * (slash and name in inside))
    entries = (f"{here[name][0]} {name}\0".encode() + bytes.fromhex(here[name][1]) for name in order)
    return object_id("tree", b"".join(entries))


def written_tree(write_tree, files, at_home, want):
    """What write_tree makes of a folder, and unless that is the tree `want`, what git says about it.

    at_home: the folder is the repository's own, so that it holds a .git.
    """
    with tempfile.TemporaryDirectory() as place:
        repo = Path(place) / "repo"
        folder = lay_out(repo if at_home else Path(place) / "folder", files)
        new_repository(repo)
        before, name = contents(folder), write_tree(repo, folder)
        if name == want:
            return {"name": name}
        known = isinstance(name, str) and asked(repo, "cat-file", "-t", name)
        listed = asked(repo, "ls-tree", "-r", "-z", "--name-only", name) if known == "tree" else None
        said = {"name": name, "kind": known, "listed": listed, "unchanged": contents(folder) == before, "sound": None}
        if known == "tree":
            said["sound"] = asked(repo, "fsck", "--strict", "--no-dangling", name) is not None
        return said


# ---- project -----------------------------------------------------------------------------------------------------------

BELONGS = (
    "README.md",
    "pyproject.toml",
    ".env.example",
    ".github/workflows/tests.yml",
    "nearest/__init__.py",
    "nearest/data/__init__.py",
    "nearest/data/names.txt",
    "tests/test_nearest.py",
)
TEST = b"import sys\nsys.path.insert(0, '.')\nfrom nearest.data import NAMES\nassert NAMES, 'no names'\n"
READER = b"from pathlib import Path\nNAMES = Path(__file__).with_name('names.txt').read_text().split()\n"


def desk(place, token):
    """A project as it lies on somebody's disk, with a password and with things that were made or downloaded."""
    files = {name: f"# {name}, {token}\n".encode() for name in BELONGS}
    files |= {"nearest/data/__init__.py": READER, "tests/test_nearest.py": TEST, "nearest/data/names.txt": token.encode()}
    files |= {".env": b"TOKEN=hf_" + token.encode() * 4, "data/raw.csv": b"1,2,3\n" * 9, "data/more/raw.csv": b"4\n"}
    files |= {"weights/best.npz": b"weights", "nearest/start.npz": b"weights"}
    files |= {"nearest/__pycache__/a.pyc": b"made", "tests/__pycache__/b.pyc": b"made"}
    return lay_out(Path(place) / "desk", files)


def started(start_project, token):
    """The state of the repository right after start_project; a value is None where git has no answer."""
    with tempfile.TemporaryDirectory() as place:
        folder = desk(place, token)
        before = contents(folder)
        start_project(folder)
        now = contents(folder)
        return {
            "branch": asked(folder, "symbolic-ref", "--short", "HEAD"),
            "head": asked(folder, "rev-parse", "--verify", "HEAD"),
            "status": asked(folder, "status", "--porcelain"),
            "tracked": (asked(folder, "ls-tree", "-r", "-z", "--name-only", "HEAD") or "").strip("\0").split("\0"),
            "changed": sorted(name for name in before if now.get(name) != before[name]),
            "new": sorted(set(now) - set(before)),
        }


def ever_tracked(start_project, token):
    """Every path that occurs in any commit of the repository."""
    with tempfile.TemporaryDirectory() as place:
        folder = desk(place, token)
        start_project(folder)
        return sorted({line[41:] for line in (asked(folder, "rev-list", "--all", "--objects") or "").splitlines()} - {""})


def tagged(start_project, token):
    """The kind of object that v0.1.0 is, the commit that it leads to, and the last one."""
    with tempfile.TemporaryDirectory() as place:
        folder = desk(place, token)
        start_project(folder)
        lookups = (("cat-file", "-t", "v0.1.0"), ("rev-parse", "v0.1.0^{commit}"), ("rev-parse", "main"), ("rev-list", "--count", "main"))
        return [asked(folder, *lookup) for lookup in lookups]


def ignored_later(start_project, token, later):
    """Which of these paths git would overlook if they came into being after start_project."""
    with tempfile.TemporaryDirectory() as place:
        folder = desk(place, token)
        start_project(folder)
        lay_out(folder, dict.fromkeys(later, b"new"))
        new = (asked(folder, "status", "--porcelain", "-z", "--untracked-files=all") or "").split("\0")
        return sorted(set(later) - {line[3:] for line in new})


def cloned_and_tested(start_project, token):
    """Whether the project's test runs on the desk and in a clone, and its last words there."""
    with tempfile.TemporaryDirectory() as place:
        folder = desk(place, token)
        start_project(folder)
        clone = Path(place) / "clone"
        if asked(folder, "clone", "--quiet", str(folder), str(clone)) is None:
            return False, False, "there was nothing to clone"
        ends = [
            subprocess.run([sys.executable, "-I", "-S", "-B", "tests/test_nearest.py"], cwd=each, capture_output=True, text=True)
            for each in (folder, clone)
        ]
        return ends[0].returncode == 0, ends[1].returncode == 0, (ends[1].stderr.strip().splitlines() or [""])[-1]


# ---- merge -------------------------------------------------------------------------------------------------------------


def forked_history(place, base, ours, theirs, branch):
    """A repository that is on main, with `branch` beside it: each one commit (files that changed) after a common one."""
    repo, stream = Path(place) / "repo", []
    for number, (name, files) in enumerate((("main", base), (branch, theirs), ("main", ours)), 1):
        if number > 1 and not files:
            continue
        stream.append(b"commit refs/heads/%s\nmark :%d\ncommitter Check <check@example.org> 1767603600 +0000" % (name.encode(), number))
        stream.append(b"data 2\nC%d" % number + (b"\nfrom :1" if number > 1 else b""))
        stream += [b'M 100644 inline "%s"\ndata %d\n%s' % (path.encode(), len(text), text) for path, text in files.items()]
    new_repository(repo)
    run_git(repo, "fast-import", "--quiet", stdin=b"\n".join(stream) + b"\n")
    run_git(repo, "reset", "--quiet", "--hard", "main")
    return repo


def merged(merge_both, base, ours, theirs, branch):
    """The state of a repository after merge_both(repo, branch)."""
    with tempfile.TemporaryDirectory() as place:
        repo = forked_history(place, base, ours, theirs, branch)
        tips = run_git(repo, "rev-parse", "main", branch).split()
        merge_both(repo, branch)
        about = run_git(repo, "log", "-1", "--format=%P%n%s").splitlines()
        names = [*base, *(name for name in (*ours, *theirs) if name not in base)]
        return {
            "tips": tips,
            "parents": about[0].split(),
            "message": about[1],
            "now": [asked(repo, "symbolic-ref", "--short", "HEAD"), asked(repo, "rev-parse", branch)],
            "status": asked(repo, "status", "--porcelain"),
            "merging": (repo / ".git" / "MERGE_HEAD").exists(),
            "committed": {name: committed(repo, name) for name in names},
        }


def committed(repo, name):
    """The text of a file in the last commit; None if it is not there."""
    try:
        return run_git(repo, "show", f"HEAD:{name}")
    except RuntimeError:
        return None


def hopeless(merge_both, base, ours, theirs, branch, wanted, edited):
    """What comes of merge_both(repo, wanted) when git cannot even begin: the error's name, None without; whether HEAD moved.

    edited: changes in the folder that are not committed.
    """
    with tempfile.TemporaryDirectory() as place:
        repo = forked_history(place, base, ours, theirs, branch)
        lay_out(repo, edited)
        before = run_git(repo, "rev-parse", "HEAD")
        try:
            merge_both(repo, wanted)
            raised = None
        except NotImplementedError:
            raise
        except Exception as error:
            raised = type(error).__name__
        return raised, run_git(repo, "rev-parse", "HEAD") != before, {name: (repo / name).read_bytes() == edited[name] for name in edited}


# ---- hook --------------------------------------------------------------------------------------------------------------


def staged(refused, committed, added, deleted, edited):
    """What `refused` says about an index: files committed before, then added or changed and staged, deleted, edited unstaged."""
    with tempfile.TemporaryDirectory() as place:
        repo = new_repository(Path(place))
        if committed:
            run_git(lay_out(repo, committed), "add", "--all")
            run_git(repo, "commit", "--quiet", "-m", "before")
        for name in deleted:
            (repo / name).unlink()
        run_git(lay_out(repo, added), "add", "--all")
        lay_out(repo, edited)
        return refused(repo)
