"""Asks for the content of deleted files."""

# fails: hook/deletion_is_fine
# hears: a deleted file has no content


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "-z").split("\0")[:-1]:
        text = git(repo, "show", f":{name}")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if int(git(repo, "cat-file", "-s", f":{name}")) > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
