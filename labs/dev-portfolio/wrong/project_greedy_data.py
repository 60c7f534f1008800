"""Ignores every folder called data, also the package."""

# fails: project/patterns_for_the_future, project/tracks_the_project, project/works_in_a_clone
# hears: /data/ only the one at the top


def start_project(folder):
    (folder / ".gitignore").write_text(".env\n__pycache__/\n*.npz\ndata/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "-a", "v0.1.0", "-m", "First version")
