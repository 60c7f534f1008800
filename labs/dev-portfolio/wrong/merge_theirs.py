"""Takes the other side wherever there is a conflict."""

# fails: merge/both_survive, merge/clean_parts_survive, merge/many_conflicts
# hears: both sides must survive


def merge_both(repo, branch):
    git(repo, "merge", "--no-ff", "-X", "theirs", "-m", f"Merge {branch}", branch)
