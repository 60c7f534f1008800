"""Deletes what does not belong."""

# fails: project/leaves_files_alone
# hears: ignoring is not deleting


def start_project(folder):
    (folder / ".gitignore").write_text(".env\n__pycache__/\n*.npz\n/data/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
    git(folder, "clean", "-d", "-X", "--force")
