"""Tries one commit after the other."""

# fails: bisect/few_tests
# hears: must halve the distance


def first_bad(commits, is_bad):
    for commit in commits[1:-1]:
        if is_bad(commit):
            return commit
    return commits[-1]
