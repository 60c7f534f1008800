"""Reads the names line by line, where git quotes some."""

# fails: hook/any_name
# hears: -z ends each name with a NUL


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=d").splitlines():
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
