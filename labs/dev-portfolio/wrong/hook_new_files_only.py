"""Looks at new files only."""

# fails: hook/finds_each
# hears: changed files count, too


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=A", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
