"""Removes the markers of git's own file, but forgets to add it."""

# fails: merge/both_survive, merge/clean_parts_survive, merge/many_conflicts, merge/over_and_done, merge/two_parents
# hears: unmerged files


def merge_both(repo, branch):
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
        git(repo, "commit", "-m", message)
