"""The same through git's plumbing commands and the library: hash-object and mktree, merge-file, cat-file, Python's bisect."""

import bisect


def object_id(kind, content):
    digest = hashlib.sha1()
    for piece in (kind.encode("ascii"), b" ", b"%d" % len(content), bytes(1), content):
        digest.update(piece)
    return digest.hexdigest()


def write_tree(repo, folder):
    lines = []
    for path in sorted(folder.glob("*")):
        if path.name == ".git":
            continue
        if path.is_file():
            name = git(repo, "hash-object", "-w", "--stdin", "--no-filters", stdin=path.read_bytes()).strip()
            lines.append(f"100644 blob {name}\t{path.name}\0")
        else:
            lines.append(f"040000 tree {write_tree(repo, path)}\t{path.name}\0")
    return git(repo, "mktree", "-z", stdin="".join(lines).encode()).strip()  # mktree sorts by itself


def start_project(folder):
    git(folder, "init", "-q")
    patterns = ["**/.env", "**/__pycache__/**", "**/*.npz", "/data"]
    (folder / ".gitignore").write_text("# not for others\n\n" + "\n".join(patterns))
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "Begin")
    git(folder, "tag", "-m", "The first version", "v0.1.0", "HEAD")


def merge_both(repo, branch):
    text = "Merge " + branch
    try:
        git(repo, "merge", "--no-commit", "--no-ff", branch)
    except GitError as error:
        unmerged = {line.split("\t", 1)[1] for line in git(repo, "ls-files", "-u", "-z").split("\0") if line}
        if len(unmerged) == 0:
            raise error
        for name in sorted(unmerged):
            with tempfile.TemporaryDirectory() as place:
                versions = [Path(place) / side for side in "213"]
                for version in versions:
                    version.write_bytes(git(repo, "show", f":{version.name}:{name}").encode("utf-8", "surrogateescape"))
                union = git(repo, "merge-file", "-p", "--union", versions[0], versions[1], versions[2])
            (repo / name).write_bytes(union.encode("utf-8", "surrogateescape"))
        git(repo, "add", "--", *unmerged)
    git(repo, "commit", "-q", "-m", text)


def refused(repo):
    found = set()
    for name in filter(None, git(repo, "diff", "--staged", "--name-only", "--diff-filter=ACMRT", "-z").split("\0")):
        text = git(repo, "cat-file", "blob", ":" + name)
        size = len(text.encode("utf-8", "surrogateescape"))
        tests = {"secret": SECRET.search(text), "conflict": MARKER.search(text), "large": size > LIMIT}
        found |= {(name, reason) for reason, holds in tests.items() if holds}
    return sorted(found)


def first_bad(commits, is_bad):
    return commits[bisect.bisect_left(commits, True, lo=1, hi=len(commits) - 1, key=lambda commit: bool(is_bad(commit)))]
