"""Lets git move the branch forward where it can."""

# fails: merge/no_conflict
# hears: --no-ff makes a merge commit


def merge_both(repo, branch):
    message = f"Merge {branch}"
    try:
        git(repo, "merge", "-m", message, branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        if not names:
            raise
        for name in names:
            path = repo / name
            path.write_bytes(keep_both(path.read_bytes().decode()).encode())
            git(repo, "add", name)
        git(repo, "commit", "-m", message)
