"""Lists today's files in place of patterns."""

# fails: project/patterns_for_the_future
# hears: use patterns, not paths of today


def start_project(folder):
    (folder / ".gitignore").write_text(".env\n/nearest/__pycache__/\n/tests/__pycache__/\n/weights/best.npz\n/nearest/start.npz\n/data/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
