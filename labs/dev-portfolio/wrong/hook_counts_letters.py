"""Counts letters, not bytes."""

# fails: hook/limit_is_exact
# hears: counts bytes


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=d", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if len(text) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
