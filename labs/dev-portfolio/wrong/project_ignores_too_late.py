"""Commits everything, then adds .gitignore and untracks the rest."""

# fails: project/has_tag, project/tracks_nothing_else
# hears: the password is in the history


def start_project(folder):
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    (folder / ".gitignore").write_text(".env\n__pycache__/\n*.npz\n/data/\n")
    git(folder, "rm", "-r", "--quiet", "--cached", ".")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Ignore what does not belong")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
