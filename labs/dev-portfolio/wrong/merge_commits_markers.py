"""Adds the files as git left them."""

# fails: merge/both_survive, merge/clean_parts_survive, merge/many_conflicts
# hears: there are conflict markers in the commit


def merge_both(repo, branch):
    message = f"Merge {branch}"
    try:
        git(repo, "merge", "--no-ff", "-m", message, branch)
    except GitError:
        names = git(repo, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")[:-1]
        if not names:
            raise
        for name in names:
            git(repo, "add", name)
        git(repo, "commit", "-m", message)
