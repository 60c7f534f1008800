"""Takes every error for a conflict."""

# fails: merge/other_errors
# hears: pass it on with `raise`


def merge_both(repo, branch):
    message = f"Merge {branch}"
    try:
        git(repo, "merge", "--no-ff", "-m", message, branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        for name in names:
            path = repo / name
            path.write_bytes(keep_both(path.read_bytes().decode()).encode())
            git(repo, "add", name)
        git(repo, "commit", "--allow-empty", "-m", message)
