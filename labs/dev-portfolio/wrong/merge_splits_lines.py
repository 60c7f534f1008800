"""Reads the names line by line, without -z, where git quotes some."""

# fails: merge/many_conflicts
# hears: names are not quoted


def merge_both(repo, branch):
    message = f"Merge {branch}"
    try:
        git(repo, "merge", "--no-ff", "-m", message, branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U").splitlines()
        if not names:
            raise
        for name in names:
            if not (repo / name).exists():
                continue
            path = repo / name
            path.write_bytes(keep_both(path.read_bytes().decode()).encode())
            git(repo, "add", name)
        git(repo, "commit", "--all", "-m", message)
