"""Plain loops and small helper functions; the index read with ls-files and compared with the last commit; recursion to search."""


def object_id(kind, content):
    whole = bytearray()
    whole.extend(kind.encode())
    whole.append(32)
    whole.extend(str(len(content)).encode())
    whole.append(0)
    whole.extend(content)
    return hashlib.new("sha1", whole).digest().hex()


def write_tree(repo, folder):
    def sorted_as(path):
        return (path.name + "/" if path.is_dir() else path.name).encode()

    content = b""
    for name in sorted(os.listdir(folder), key=lambda name: sorted_as(folder / name)):
        path = folder / name
        if name == ".git":
            pass
        elif path.is_dir():
            content += b"40000 " + name.encode() + b"\x00" + bytes.fromhex(write_tree(repo, path))
        else:
            with open(path, "rb") as file:
                content += b"100644 " + name.encode() + b"\x00" + bytes.fromhex(store(repo, "blob", file.read()))
    return store(repo, "tree", content)


def start_project(folder):
    with open(folder / ".gitignore", "w") as file:
        for pattern in ("data/*", "!/*/data/", "*.npz", ".env", "__pycache__"):
            file.write("/" + pattern + "\n" if pattern.startswith("data") else pattern + "\n")
    git(folder, "init")
    git(folder, "add", "-A")
    git(folder, "commit", "--message=First version")
    git(folder, "tag", "--annotate", "--message=First version", "v0.1.0")


def merge_both(repo, branch):
    failed = None
    try:
        git(repo, "merge", "--no-ff", "--no-commit", branch)
    except GitError as error:
        failed = error
    conflicts = [line[3:] for line in git(repo, "status", "--porcelain", "-z").split("\0") if line[:2] in ("UU", "AA")]
    if failed and not conflicts:
        raise failed
    for name in conflicts:
        text = keep_both((repo / name).read_bytes().decode("utf-8"))
        with open(repo / name, "wb") as file:
            file.write(text.encode("utf-8"))
        git(repo, "add", name)
    git(repo, "commit", "-m", "Merge " + branch)


def listed(text):
    files = {}
    for line in text.split("\0"):
        if line:
            files[line.split("\t")[1]] = next(word for word in line.split("\t")[0].split() if len(word) == 40)
    return files


def refused(repo):
    try:
        before = listed(git(repo, "ls-tree", "-r", "-z", "HEAD"))
    except GitError:  # no commit yet
        before = {}
    problems = []
    for name, blob in listed(git(repo, "ls-files", "--stage", "-z")).items():
        if before.get(name) == blob:
            continue
        text = git(repo, "cat-file", "-p", blob)
        if SECRET.search(text) is not None:
            problems.append([name, "secret"])
        if MARKER.search(text) is not None:
            problems.append([name, "conflict"])
        if int(git(repo, "cat-file", "-s", blob)) >= LIMIT + 1:
            problems.append([name, "large"])
    return problems


def first_bad(commits, is_bad):
    if len(commits) == 2:
        return commits[1]
    middle = len(commits) // 2
    return first_bad(commits[: middle + 1], is_bad) if is_bad(commits[middle]) else first_bad(commits[middle:], is_bad)
