"""Stops at a file's first reason."""

# fails: hook/several_reasons
# hears: three separate `if`s


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=d", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        elif int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        elif MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
