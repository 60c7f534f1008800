"""Opens the files in the folder, not those in the index."""

# fails: hook/folder_does_not_count, hook/index_counts
# hears: read it with git show :NAME, not from the disk


def refused(repo):
    problems = []
    for name in git(repo, "diff", "--cached", "--name-only", "--diff-filter=d", "-z").split("\0")[:-1]:
        text = (repo / name).read_bytes().decode(errors="replace")
        if SECRET.search(text):
            problems.append((name, "secret"))
        if (repo / name).stat().st_size > LIMIT:
            problems.append((name, "large"))
        if MARKER.search(text):
            problems.append((name, "conflict"))
    return problems
