"""Returns the place, not the commit."""

# fails: bisect/few_tests, bisect/finds_it, bisect/names_a_culprit, bisect/no_wasted_tests
# hears: the name of a commit


def first_bad(commits, is_bad):
    good, bad = 0, len(commits) - 1
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_bad(commits[middle]):
            bad = middle
        else:
            good = middle
    return bad
