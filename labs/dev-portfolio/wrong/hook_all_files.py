"""Looks at every tracked file."""

# fails: hook/only_this_commit
# hears: not `git ls-files`


def refused(repo):
    problems = []
    for name in git(repo, "ls-files", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
