"""Ignores everything that begins with .env."""

# fails: project/patterns_for_the_future, project/tracks_the_project
# hears: must match this name only


def start_project(folder):
    (folder / ".gitignore").write_text(".env*\n__pycache__/\n*.npz\n/data/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
