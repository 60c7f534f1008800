"""What proves the answers of the lab dev-portfolio right.

Each task works on repositories of its own, made in temporary folders by the scenes in given.py, where the learner's code is. Git
itself says what became of them; names of objects are computed here once more.
"""

import contextlib
import hashlib
import math

from scratchlab.checks import Wrong, beside, describe, expect, expect_raises, given, load_given, task

references = load_given(__file__)

objects = task(
    "object",
    hints=(
        "A short header, then the content, all as bytes; the name is the hash of the two together.",
        "The header is the kind, a space, the number of bytes in decimal, and a NUL, turned into bytes by .encode().",
        '`header = f"{kind} {len(content)}\\0".encode()`, then `hashlib.sha1(header + content).hexdigest()`',
    ),
)
tree = task(
    "tree",
    hints=(
        "One entry for each thing in the folder: a file's content goes into the store, a folder goes through write_tree itself.",
        "Collect (what to sort by, mode and name, the object's name), sort, and join f'{mode} {name}'.encode(), b'\\0' and the 20 bytes. "
        "Sort a folder by its name with '/' behind it.",
        "`entries.append((path.name + '/', f'40000 {path.name}', write_tree(repo, path)))` for a folder; for a file mode 100644 and "
        "`store(repo, 'blob', path.read_bytes())`; at the end `store(repo, 'tree', content)`",
    ),
)
project = task(
    "project",
    hints=(
        "Four kinds of things to overlook, so four lines in .gitignore; then init, add, commit, tag, in this order.",
        "A folder's pattern ends with a slash. Only the pattern for data begins with one, too: it means the folder at the top alone.",
        '`(folder / ".gitignore").write_text(".env\\n__pycache__/\\n*.npz\\n/data/\\n")`, then git(folder, "init"), "add" with "--all", '
        '"commit" with "-m", and "tag" with "-a", "v0.1.0", "-m", "First version"',
    ),
)
merge = task(
    "merge",
    hints=(
        "Try the merge. If it fails because of conflicts, repair each file in question, add it, and commit.",
        'In `except GitError:` ask git for the files with conflicts; split its answer at "\\0", the last piece is empty. If there are '
        "none: `raise`.",
        "For each name: `path = repo / name`, `path.write_bytes(keep_both(path.read_bytes().decode()).encode())`, "
        '`git(repo, "add", name)`; after the loop `git(repo, "commit", "-m", message)`',
    ),
)
hook = task(
    "hook",
    hints=(
        "Go through the names that `git diff --cached` prints; for each, look at the content in the index, never at the file on the disk.",
        'The names: `git(repo, "diff", "--cached", "--name-only", "--diff-filter=d", "-z").split("\\0")[:-1]`; '
        "a content: `git show` with a colon in front of the name.",
        '`text = git(repo, "show", f":{name}")`, then three times `if ...: problems.append((name, reason))`; the size is '
        '`int(git(repo, "cat-file", "-s", f":{name}"))`',
    ),
)
bisect = task(
    "bisect",
    hints=(
        "Two places close in on the culprit: the one on the left is always good, the one on the right always bad.",
        "good, bad = 0, len(commits) - 1. Test the middle, and move one of the two there, until they are neighbors.",
        "`while bad - good > 1:`, `middle = (good + bad) // 2`, `if is_bad(commits[middle]): bad = middle`, else `good = middle`",
    ),
)


# ---- tools -------------------------------------------------------------------------------------------------------------


def scene(student, name):
    """A scene of given.py, where the learner's code is."""
    return beside(student, getattr(references, name))


def word(rng, size=8):
    """A random word."""
    return "".join(rng.choice(list("abcdefghkmnpqrstuvwxyz"), size=size))


def token(rng):
    """Something that looks like a password for Hugging Face."""
    return "hf_" + word(rng, 30)


# ---- object ------------------------------------------------------------------------------------------------------------


def expect_names(student, cases, look):
    """`Wrong` unless each content (kind, bytes, what it is in words) gets the name that git gives it."""
    by_git = scene(student, "hashed_by_git")([(kind, content) for kind, content, _ in cases])
    for (kind, content, says), name in zip(cases, by_git, strict=True):
        got, want = student.object_id(kind, content), references.object_id(kind, content)
        expect(
            got == want == name,
            tried=f"{says}, as a {kind}",
            got=describe(got),
            expected=repr(want),
            look=diagnosis(got, kind, content) or look,
        )


def diagnosis(got, kind, content):
    """What a wrong name says about how it was made; "" if nothing."""
    size = str(len(content)).encode()
    if isinstance(got, bytes):
        return "these are raw bytes: hexdigest() gives the 40 digits as text"
    made = {
        content: "this is the hash of the content alone: the header comes first",
        kind.encode() + b" " + size + content: "there is no NUL between header and content",
        kind.encode() + b" " + size + b"\n" + content: "the header ends with a NUL, not with a newline",
        kind.encode() + b" " + size + b"0" + content: "the header ends with the byte 0, b'\\0', not with the digit",
        b"blob " + size + b"\0" + content: "the header begins with the kind, which is not always blob",
    }
    return next((says for text, says in made.items() if got == hashlib.sha1(text).hexdigest()), "")


@objects.property("random bytes get the name that git gives them")
def random_bytes(student, rng):
    cases = [("blob", rng.bytes(int(size)), f"{size} random bytes") for size in (1, 9, 10, int(rng.integers(100, 5000)))]
    expect_names(student, cases, "SHA-1 of kind, space, number of bytes, NUL, content")


@objects.property("the kind is part of the name")
def kinds_differ(student, rng):
    content = rng.bytes(40)
    expect_names(student, [(kind, content, "40 random bytes") for kind in ("commit", "tree", "tag")], "the header begins with `kind`")


@objects.property("an empty content has a name, too")
def empty_content(student, rng):
    expect_names(student, [("blob", b"", "no bytes at all"), ("tree", b"", "no bytes at all")], "the length of nothing is 0")


@objects.property("bytes are hashed as they are: NULs, line ends of Windows, letters that take two bytes")
def bytes_as_they_are(student, rng):
    texts = [f"{word(rng)}\r\n", f"Größe von {word(rng)}\n", f"{word(rng)}\0{word(rng)}", "\n\n"]
    cases = [("blob", text.encode(), f"the text {text!r}") for text in texts] + [
        ("blob", b"\xff\xfe\0" + rng.bytes(9), "bytes that are no text")
    ]
    expect_names(student, cases, "do not turn the content into text: its length counts in bytes")


# ---- tree --------------------------------------------------------------------------------------------------------------


def tree_of(student, files, tried, at_home=False, want=""):
    """What write_tree makes of these files, with the reference in the place of `store`; git is asked unless it is `want`."""
    with given(student, store=references.store):
        said = scene(student, "written_tree")(student.write_tree, files, at_home, want)
    got, look = said["name"], "return the name that store gives to the tree"
    expect(isinstance(got, str) and len(got) == 40, tried=tried, got=describe(got), expected="40 digits", look=look)
    return said


def expect_tree(student, files, tried, look, at_home=False, want=None):
    """`Wrong` unless the tree of these files has git's name."""
    want = references.tree_name(files if want is None else want)
    said = tree_of(student, files, tried, at_home, want)
    listed = "a tree of " + ", ".join((said.get("listed") or "nothing readable").strip("\0").split("\0"))
    expect(said["name"] == want, tried=tried, got=f"{said['name'][:12]}... ({listed})", expected=f"{want[:12]}...", look=look)


def text(rng):
    """A line of random text, as bytes."""
    return f"{word(rng, 20)}\n".encode()


@tree.property("a folder with files gets the name that git gives it")
def flat_folder(student, rng):
    names = sorted({word(rng, 3) for _ in range(6)} | {"B", "a"})
    look = "each entry: mode 100644, space, name, NUL, then the 20 raw bytes of bytes.fromhex(...); sorted by name; nothing between entries"
    for files in ({"a.py": text(rng)}, {name: text(rng) for name in rng.permutation(names).tolist()}):
        expect_tree(student, files, f"a folder with the files {', '.join(files)}", look)


@tree.property("folders inside become trees of their own")
def nested_folders(student, rng):
    files = {
        f"{word(rng, 4)}/{word(rng, 4)}/{word(rng, 4)}.py": text(rng),
        "pkg/a.py": text(rng),
        "pkg/sub/b.py": text(rng),
        "zz": text(rng),
    }
    look = (
        "an entry with the mode 40000 (no 0 in front), the folder's own name without its path, and the tree that write_tree returns for it"
    )
    expect_tree(student, files, f"the files {', '.join(files)}", look)


@tree.property("a folder is sorted as if its name ended with a slash")
def sorted_with_slash(student, rng):
    for stem in ("data", word(rng, 4)):
        files = {f"{stem}/x": text(rng), f"{stem}.csv": text(rng), f"{stem}-old": text(rng), f"{stem}0": text(rng)}
        tried = f"the files {stem}-old, {stem}.csv and {stem}0 beside a folder {stem}"
        said = tree_of(student, files, tried, want=references.tree_name(files))
        look = "the folder came first: sort it by its name with '/' behind it"
        expect(
            said["name"] != references.tree_name(files, slash=False),
            tried=tried,
            got="plain order of names",
            expected="git's order",
            look=look,
        )
        look = "the slash decides only the order; the entry holds the name without it"
        expect(said["name"] == references.tree_name(files), tried=tried, got=said["name"], expected=references.tree_name(files), look=look)


@tree.property("what is called .git is left out, at any depth; .gitignore and .github are not")
def without_git(student, rng):
    kept = {"a.py": text(rng), ".gitignore": b"*.npz\n", ".github/workflows/tests.yml": text(rng), "sub/b.py": text(rng)}
    look = "leave out what is called exactly '.git', be it a folder or a file, here and in the folders inside"
    expect_tree(student, kept, "a repository's own folder, with its .git", look, at_home=True)
    expect_tree(student, kept | {"sub/.git": b"gitdir: elsewhere\n"}, "a folder with a file .git in a folder", look, want=kept)
    expect_tree(student, kept | {"sub/.git/HEAD": b"ref: x\n"}, "a folder with a repository in a folder", look, want=kept)


@tree.property("contents are stored byte for byte")
def contents_untouched(student, rng):
    files = {"windows.txt": b"one\r\ntwo\r\n", "pixels.bin": b"\xff\x00\xfe" + rng.bytes(50), "empty": b"", "no-newline": b"end"}
    expect_tree(student, files, "files with Windows' line ends, bytes that are no text, nothing", "read bytes: path.read_bytes()")


@tree.property("everything is in the store afterwards, and git finds it sound")
def in_the_store(student, rng):
    files = {"a.py": text(rng), "pkg/b.py": text(rng), "pkg/sub/c.py": text(rng)}
    tried = "a folder with folders, then `git fsck` on its tree"
    said = tree_of(student, files, tried)
    look = "every content and every tree, also the outermost, goes through store(repo, kind, content)"
    expect(said["kind"] == "tree", tried=tried, got="no such tree in the store", expected="a tree", look=look)
    expect(said["sound"], tried=tried, got="fsck finds something missing or malformed", expected="a sound store", look=look)
    expect(said["unchanged"], tried=tried, got="files in the folder changed", expected="a folder left as it was", look="only read in it")


# ---- project -----------------------------------------------------------------------------------------------------------

TRIED = "the project of the table, on a desk with .env, data, weights and __pycache__"


@project.property("it is a repository on the branch main, with everything committed")
def committed(student, rng):
    said = scene(student, "started")(student.start_project, word(rng))
    look = "git(folder, ...): init, add --all, commit -m TEXT"
    expect(said["head"], tried=TRIED, got="no commit", expected="a commit", look=look)
    expect(said["branch"] == "main", tried=TRIED, got=f"the branch {said['branch']}", expected="main", look="the helper's init calls it so")
    got = f"git status lists {said['status']!r}"
    expect(said["status"] == "", tried=TRIED, got=got, expected="nothing left to commit", look="is .gitignore itself committed?")


@project.property("what a person wrote is tracked")
def tracks_the_project(student, rng):
    said = scene(student, "started")(student.start_project, word(rng))
    for name in (*references.BELONGS, ".gitignore"):
        look = f"{name} belongs to the project; which pattern is too greedy?"
        if name.startswith("nearest/data"):
            look = "the pattern data/ ignores every folder of that name; /data/ only the one at the top"
        if name == ".env.example":
            look = "the pattern for .env must match this name only"
        got = f"{name} is not tracked"
        expect(name in said["tracked"], tried=TRIED, got=got, expected="tracked", look=look)


@project.property("passwords, data, weights and what Python made are in no commit")
def tracks_nothing_else(student, rng):
    names = scene(student, "ever_tracked")(student.start_project, word(rng))
    for name, look in (
        (".env", "the password is in the history, also if a later commit deletes it: write .gitignore before the first `git add`"),
        ("data", "a pattern for the folder data at the top"),
        ("nearest/__pycache__", "a pattern for folders __pycache__ in any folder"),
        ("weights/best.npz", "a pattern for names that end in .npz, in any folder"),
        ("nearest/start.npz", "a pattern for names that end in .npz, in any folder"),
    ):
        expect(name not in names, tried=TRIED, got=f"{name} is in a commit", expected="not in any commit", look=look)


@project.property("the patterns hold for the future, too, and catch no more than they must")
def patterns_for_the_future(student, rng):
    new = word(rng)
    must = [f"{new}/.env", f"{new}/deep/__pycache__/x.pyc", f"{new}/deep/last.npz", f"data/{new}.csv", f"data/{new}/x.json", f"{new}.npz"]
    free = [
        f"{new}/data/x.py",
        f"{new}.py",
        f"{new}.env.md",
        "database/x.py",
        f"{new}/x.npy",
        f"weights/{new}.md",
        f".env.{new}",
        "data.md",
    ]
    got = scene(student, "ignored_later")(student.start_project, word(rng), must + free)
    for name in must:
        expect(
            name in got, tried=f"a new file {name}", got="git would track it", expected="ignored", look="use patterns, not paths of today"
        )
    for name in free:
        expect(
            name not in got, tried=f"a new file {name}", got="git overlooks it", expected="not ignored", look="which pattern is too greedy?"
        )


@project.property("v0.1.0 is an annotated tag on the last commit, and there is one commit")
def has_tag(student, rng):
    kind, target, head, count = scene(student, "tagged")(student.start_project, word(rng))
    look = 'git(folder, "tag", "-a", "v0.1.0", "-m", TEXT), after the commit'
    expect(kind is not None, tried=TRIED, got="no v0.1.0", expected="a tag v0.1.0", look=look)
    got = "a plain bookmark on a commit"
    expect(kind == "tag", tried=TRIED, got=got, expected="an annotated tag, an object of its own", look="-a and -m make it one")
    expect(target == head, tried=TRIED, got="a tag on another commit", expected="on the last commit of main", look=look)
    expect(count == "1", tried=TRIED, got=f"{count} commits on main", expected="one", look="init, one add, one commit")


@project.property("the project works in a fresh clone")
def works_in_a_clone(student, rng):
    tried = "a fresh clone, and the project's test in it"
    here, there, words = scene(student, "cloned_and_tested")(student.start_project, word(rng))
    look = "it works on your machine only: a file that the program needs was not committed. Is a pattern too greedy?"
    expect(there, tried=tried, got=words, expected="the test passes", look=look)
    expect(
        here, tried="the project's test in the folder", got="it fails now", expected="the test passes", look="do not delete or move files"
    )


@project.property("no file in the folder is deleted or changed, and only .gitignore is new")
def leaves_files_alone(student, rng):
    said = scene(student, "started")(student.start_project, word(rng))
    got = f"changed or deleted: {', '.join(said['changed'])}"
    expect(not said["changed"], tried=TRIED, got=got, expected="all files as they were", look="ignoring is not deleting: use .gitignore")
    expect(said["new"] == [".gitignore"], tried=TRIED, got=f"new: {said['new']}", expected="['.gitignore']", look="write just that file")


# ---- merge -------------------------------------------------------------------------------------------------------------


def listing(rng, count=6):
    """Lines of a list, as texts."""
    return [f"- {word(rng)}\n" for _ in range(count)]


def as_bytes(lines):
    return "".join(lines).encode()


def forked(rng, branch="scale", name="CHANGES.md"):
    """A history with one conflict: base, ours, theirs, and the text that must come out."""
    base, mine, yours = ["Changes\n", "=======\n", "\n", *listing(rng, 3)], *(listing(rng, 2) for _ in range(2))
    histories = ({name: as_bytes(base)}, {name: as_bytes(base + mine)}, {name: as_bytes(base + yours)})
    return histories, "".join(base + mine + yours)


def merge_scene(student, histories, branch="scale"):
    return scene(student, "merged")(student.merge_both, *histories, branch)


def expect_text(said, name, want, tried, look="both sides must survive, those of the current branch first"):
    """`Wrong` unless a file in the last commit holds this text."""
    got = said["committed"][name]
    if got is not None and any(line.startswith(("<<<<<<<", ">>>>>>>")) for line in got.splitlines()):
        tried = f"{tried}; in {name}"
        if name == "CHANGES.md":  # with other names the question is whether they were read at all
            look = "there are conflict markers in the commit: pass the text through keep_both, write it back, then add it"
    elif got is not None and set(got.splitlines()) >= set(want.splitlines()):
        look = "all lines are there, but not in the right order or number: those of the current branch come first"
    elif got is not None:
        gone = [line for line in want.splitlines() if line not in got.splitlines()]
        tried, look = f"{tried}; missing in {name}: {gone[:2]}", look
    expect(got == want, tried=tried, got=describe(got), expected=describe(want), look=look)


@merge.property("after a conflict, both changes are in the commit, and no markers")
def both_survive(student, rng):
    histories, want = forked(rng)
    expect_text(merge_scene(student, histories), "CHANGES.md", want, "both branches add lines at the end of CHANGES.md")


@merge.property("it is a merge commit: its parents are the two branches, in order, and it is called Merge BRANCH")
def two_parents(student, rng):
    branch = word(rng)
    said = merge_scene(student, forked(rng)[0], branch)
    tried, count = f"{branch} merged into main, with a conflict", len(said["parents"])
    look = "let git merge and finish with git commit: a new commit with the right content is no merge"
    expect(count == 2, tried=tried, got=f"{count} parent{'s' * (count != 1)}", expected="two", look=look)
    look = "first the commit that main was at, then the branch's"
    expect(said["parents"] == said["tips"], tried=tried, got="other parents", expected="main, then the branch", look=look)
    want = f"Merge {branch}"
    expect(said["message"] == want, tried=tried, got=repr(said["message"]), expected=repr(want), look="-m in both places")


@merge.property("what git can merge by itself stays merged, on both sides")
def clean_parts_survive(student, rng):
    histories, want = forked(rng)
    lines = [f"line {number}\n" for number in range(9)]
    mine, yours = ["mine\n", *lines], [*lines, "yours\n"]
    texts = [{"code.py": as_bytes(each)} for each in (lines, mine, yours)]
    new = {"theirs.txt": text(rng)}
    base, ours, theirs = (dict(a | b) for a, b in zip(histories, texts, strict=True))
    said = merge_scene(student, (base, ours, theirs | new))
    tried = "a conflict in CHANGES.md, and changes in different places of code.py"
    expect_text(said, "code.py", "mine\n" + "".join(lines) + "yours\n", tried, "only files with conflicts need your hand")
    expect_text(said, "theirs.txt", new["theirs.txt"].decode(), tried, "the new file of the branch belongs to the merge")
    expect_text(said, "CHANGES.md", want, tried)


@merge.property("several files with several conflicts, also with a space or an umlaut in the name")
def many_conflicts(student, rng):
    names = ["CHANGES.md", f"{word(rng)} notes.txt", "docs/Übersicht.md"]
    histories, wanted = [{}, {}, {}], {}
    for name in names:
        blocks = [listing(rng, 6) for _ in range(3)]
        versions = [["\n", *block] for block in blocks]
        mine = [[*block, f"- mine {word(rng)}\n"] for block in versions]
        yours = [[*block, f"- yours {word(rng)}\n"] for block in versions]
        for history, each in zip(histories, (versions, mine, yours), strict=True):
            history[name] = as_bytes(line for block in each for line in block)
        wanted[name] = "".join(line for ours, theirs in zip(mine, yours, strict=True) for line in [*ours, theirs[-1]])
    said = merge_scene(student, histories)
    for name in names:
        look = "every file that `git diff --name-only --diff-filter=U -z` lists, split at NULs; with -z names are not quoted"
        expect_text(said, name, wanted[name], f"three conflicts in each of {', '.join(names)}", look)


@merge.property("without a conflict there is a merge commit, too, even if main has not moved")
def no_conflict(student, rng):
    base, new = {"a.py": text(rng)}, text(rng)
    for ours, says in (({"b.py": new}, "each branch adds a file"), ({}, "only the branch has a new commit")):
        said = merge_scene(student, (base, ours, {"c.py": new}))
        look = "--no-ff makes a merge commit where git would simply move main forward"
        expect(len(said["parents"]) == 2, tried=says, got=f"{len(said['parents'])} parent", expected="two", look=look)
        expect_text(said, "c.py", new.decode(), says)
        got = said["message"]
        expect(got == "Merge scale", tried=says, got=repr(got), expected="'Merge scale'", look="-m in both places")


@merge.property("afterwards the merge is over: nothing unmerged, still on main, the branch where it was")
def over_and_done(student, rng):
    said = merge_scene(student, forked(rng)[0])
    tried = "a merge with a conflict; the repository afterwards"
    look = "git add each repaired file, then git commit"
    expect(not said["merging"], tried=tried, got="git is still in the middle of the merge", expected="a finished merge", look=look)
    expect(said["status"] == "", tried=tried, got=f"git status says {said['status']!r}", expected="nothing", look="write, add, commit")
    branch, tip = said["now"]
    expect(branch == "main", tried=tried, got=f"on {branch}", expected="on main", look="stay on the current branch")
    expect(tip == said["tips"][1], tried=tried, got="the other branch moved", expected="only main moves", look="do not reset it")


@merge.property("an error that is no conflict reaches the caller, and nothing is committed")
def other_errors(student, rng):
    histories, _ = forked(rng)
    cases = (
        ("nowhere", {}, "a branch that does not exist"),
        ("scale", {"CHANGES.md": b"edited\n"}, "a file with changes that are not committed"),
    )
    for wanted, edited, tried in cases:
        raised, moved, kept = scene(student, "hopeless")(student.merge_both, *histories, "scale", wanted, edited)
        look = "no file is in conflict, so the error is another one: pass it on with `raise`"
        expect(raised == "GitError", tried=tried, got=f"error {raised}" if raised else "no error", expected="GitError", look=look)
        expect(not moved, tried=tried, got="a new commit", expected="none", look=look)
        expect(all(kept.values()), tried=tried, got="the uncommitted changes are gone", expected="kept", look="do not reset or force")


# ---- hook --------------------------------------------------------------------------------------------------------------

MARKED = b"a\n<<<<<<< HEAD\nb\n=======\nc\n>>>>>>> scale\n"


def expect_refused(student, want, tried, look, committed=None, added=None, deleted=(), edited=None):
    """`Wrong` unless `refused` names exactly these (path, reason) pairs."""
    got = scene(student, "staged")(student.refused, committed or {}, added or {}, list(deleted), edited or {})
    expect(isinstance(got, list | tuple | set), tried=tried, got=describe(got), expected="a list of pairs", look="return the list")
    for each in got:
        if not (isinstance(each, list | tuple) and len(each) == 2):
            raise Wrong(tried=tried, got=describe(each), expected="a pair (path, reason)", look="append((name, reason))")
    pairs = sorted(tuple(map(str, each)) for each in got)
    expect(pairs == sorted(want), tried=tried, got=describe(pairs), expected=describe(sorted(want)), look=look)


@contextlib.contextmanager
def git_errors_say(tried, look):
    """Context in which an error of the learner's git command becomes a `Wrong` that says where to look."""
    try:
        yield
    except (Wrong, NotImplementedError, AttributeError):
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [""]
        raise Wrong(tried=tried, got=f"an error: {lines[-1][:80]}", expected="a list of pairs", look=look) from error


@hook.property("clean files go through, in the first commit and later")
def clean_goes_through(student, rng):
    files = {"a.py": text(rng), "docs/b.md": b"Heading\n=======\n\nhf_hub is no token, and 1 << 7 is no marker\n"}
    expect_refused(student, [], "two clean files in the first commit", "none of the three reasons holds here", added=files)
    expect_refused(student, [], "nothing staged at all", "no names, no problems: what does ''.split('\\0') give?", committed=files)


@hook.property("each danger is found, in new files and in changed ones")
def finds_each(student, rng):
    secret = f"a = 1\nTOKEN = '{token(rng)}'\n".encode()
    dangers = {"secret": secret, "conflict": MARKED, "large": b"0" * 600_000}
    names = {reason: f"{word(rng)}/{word(rng)}.txt" for reason in dangers}
    dirty = {names[reason]: content for reason, content in dangers.items()} | {"ok.py": text(rng)}
    want = [(name, reason) for reason, name in names.items()]
    expect_refused(student, want, "new files, one for each danger", "three questions for each file", added=dirty)
    clean = dict.fromkeys(dirty, b"ok\n")
    expect_refused(student, want, "changed files, one for each danger", "changed files count, too", committed=clean, added=dirty)


def dangerous_and_clean(rng):
    """Three files with a danger each, and the same files without."""
    dirty = {"secret.py": f"TOKEN = '{token(rng)}'\n".encode(), "conflict.py": MARKED, "large.py": b"0" * 500_001}
    return dirty, dict.fromkeys(dirty, b"clean\n")


INDEX = "the commit will hold what was staged: read it with git show :NAME, not from the disk"


@hook.property("what was staged is refused, even if the file in the folder is clean by now")
def index_counts(student, rng):
    dirty, clean = dangerous_and_clean(rng)
    tried = "three dangerous files staged; then they were cleaned in the editor, but not staged again"
    expect_refused(student, [(name, name.removesuffix(".py")) for name in dirty], tried, INDEX, added=dirty, edited=clean)


@hook.property("what was not staged is not refused, even if it stands in the folder")
def folder_does_not_count(student, rng):
    dirty, clean = dangerous_and_clean(rng)
    expect_refused(student, [], "three clean files staged; then dangers came into the files, not staged", INDEX, added=clean, edited=dirty)


@hook.property("only files that this commit adds or changes count")
def only_this_commit(student, rng):
    secret = f"TOKEN = '{token(rng)}'\n".encode()
    look = "ask `git diff --cached --name-only` for the names, not `git ls-files`: an old file is no reason to refuse this commit"
    expect_refused(
        student, [], "an old file with markers, and a clean new one", look, committed={"old.md": MARKED}, added={"new.py": b"1\n"}
    )
    look = "a file that nobody has staged is not part of the commit"
    expect_refused(student, [], "a file with a token that was never staged", look, added={"a.py": b"1\n"}, edited={"notes.txt": secret})


@hook.property("deleting a file is never refused")
def deletion_is_fine(student, rng):
    secret = f"TOKEN = '{token(rng)}'\n".encode()
    look = "a deleted file has no content in the index: --diff-filter=d leaves it out"
    tried = "a commit that deletes .env"
    with git_errors_say(tried, look):
        expect_refused(student, [], tried, look, committed={".env": secret, "a": b"1\n"}, deleted=[".env"])


@hook.property("names may hold spaces and letters of any language")
def any_name(student, rng):
    secret = f"TOKEN = '{token(rng)}'\n".encode()
    names = [f"{word(rng)} (copy).txt", "Schlüssel.txt", "b.py"]
    look = "-z ends each name with a NUL and leaves it unquoted: split at '\\0'"
    tried = f"the files {', '.join(names)}"
    with git_errors_say(tried, look):
        expect_refused(student, [(name, "secret") for name in names], tried, look, added=dict.fromkeys(names, secret))


@hook.property("exactly 500,000 bytes are allowed, one more is not, and bytes are counted, not letters")
def limit_is_exact(student, rng):
    files = {"full": b"0" * 500_000, "over": b"0" * 500_001, "umlauts": "ü".encode() * 250_001, "binary": b"\xff\0" * 250_000}
    look = "more than LIMIT bytes; `git cat-file -s :NAME` counts bytes"
    expect_refused(student, [("over", "large"), ("umlauts", "large")], "files around the limit", look, added=files)


@hook.property("a file may have several reasons")
def several_reasons(student, rng):
    content = MARKED + token(rng).encode() + b"\n" + b"0" * 500_000
    want = [("a", "conflict"), ("a", "large"), ("a", "secret")]
    expect_refused(student, want, "a file with all three dangers", "three separate `if`s, no `elif`", added={"a": content})


# ---- bisect ------------------------------------------------------------------------------------------------------------


def search(student, states, tried):
    """Run first_bad on commits with random names; states: whether each is bad. Returns the place that it names, and those tested."""
    names = [references.object_id("blob", f"{number} of {len(states)}".encode()) for number in range(len(states))]
    tested = []

    def is_bad(name):
        tested.append(names.index(name))
        expect(len(tested) <= 100, tried=tried, got="more than 100 tests", expected="an end", look="does the distance shrink every time?")
        return states[tested[-1]]

    got = student.first_bad(list(names), is_bad)
    look = "return commits[bad], the name of a commit, not its place"
    expect(got in names, tried=tried, got=describe(got), expected="one of the commits", look=look)
    return names.index(got), tested


@bisect.property("wherever the bug came in, the right commit is named")
def finds_it(student, rng):
    for length in (2, 3, 4, 5, 8, 9):
        for culprit in range(1, length):
            tried = f"{length} commits, the bug in number {culprit} (from 0)"
            got, _ = search(student, [number >= culprit for number in range(length)], tried)
            look = "good is always a good commit, bad a bad one; at the end they are neighbors, and bad is the answer"
            expect(got == culprit, tried=tried, got=f"number {got}", expected=f"number {culprit}", look=look)


@bisect.property("it never needs more than log2 of the number of commits, rounded up")
def few_tests(student, rng):
    for length in (5, 33, 64, 65, int(rng.integers(500, 2000))):
        for culprit in {1, length - 1, length // 2, *rng.integers(1, length, size=5).tolist()}:
            tried = f"{length} commits, the bug in number {culprit}"
            got, tested = search(student, [number >= culprit for number in range(length)], tried)
            most = math.ceil(math.log2(length - 1))
            look = "each test must halve the distance between good and bad: test the one in the middle"
            expect(len(tested) <= most, tried=tried, got=f"{len(tested)} tests", expected=f"at most {most}", look=look)
            expect(got == culprit, tried=tried, got=f"number {got}", expected=f"number {culprit}", look="does it stop too early?")


@bisect.property("no commit is tested twice, and the two ends never")
def no_wasted_tests(student, rng):
    for length in (2, 3, 20, int(rng.integers(30, 60))):
        culprit = int(rng.integers(1, length))
        tried = f"{length} commits, the bug in number {culprit}"
        _, tested = search(student, [number >= culprit for number in range(length)], tried)
        look = "the first is known to be good and the last to be bad; a test of a model may take hours"
        got = f"tests of {tested}"
        expect(not {0, length - 1} & set(tested), tried=tried, got=got, expected="no test of the ends", look=look)
        expect(len(set(tested)) == len(tested), tried=tried, got=got, expected="each once", look="the middle is never one of good and bad")


@bisect.property("if the bug came and went several times, it names one of the commits that brought it")
def names_a_culprit(student, rng):
    for _ in range(10):
        states = [False, *(rng.random(30) < 0.5).tolist(), True]
        tried = "32 commits, good and bad in turns"
        got, _ = search(student, states, tried)
        look = "the answer is bad and the one before it is good: keep this true of `good` and `bad` at every step"
        found = got > 0 and states[got] and not states[got - 1]
        expect(found, tried=tried, got="a commit that did not break anything", expected="a bad one after a good one", look=look)


@bisect.property("an error of the test reaches the caller")
def errors_reach(student, rng):
    def is_bad(name):
        raise KeyError(name)

    tried = "a test that raises KeyError"
    expect_raises(lambda: student.first_bad(list("abcd"), is_bad), (KeyError,), tried=tried, look="do not catch what the test raises")
