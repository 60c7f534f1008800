"""Brings the content over in a plain commit."""

# fails: merge/no_conflict, merge/two_parents
# hears: is no merge


def merge_both(repo, branch):
    try:
        git(repo, "merge", "--squash", branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        if not names:
            raise
        for name in names:
            path = repo / name
            path.write_bytes(keep_both(path.read_bytes().decode()).encode())
            git(repo, "add", name)
    git(repo, "commit", "-m", f"Merge {branch}")
