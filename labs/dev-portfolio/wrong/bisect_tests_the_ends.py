"""Tests both ends before it begins."""

# fails: bisect/few_tests, bisect/no_wasted_tests
# hears: no test of the ends


def first_bad(commits, is_bad):
    good, bad = 0, len(commits) - 1
    assert is_bad(commits[bad]) and not is_bad(commits[good])
    while bad - good > 1:
        middle = (good + bad) // 2
        if is_bad(commits[middle]):
            bad = middle
        else:
            good = middle
    return commits[bad]
