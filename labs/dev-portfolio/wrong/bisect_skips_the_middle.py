"""Moves past a bad middle, which may be the culprit."""

# fails: bisect/few_tests, bisect/finds_it, bisect/names_a_culprit
# hears: bad is the answer


def first_bad(commits, is_bad):
    good, bad = 0, len(commits) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_bad(commits[middle]):
            bad = middle - 1
        else:
            good = middle
    return commits[bad]
