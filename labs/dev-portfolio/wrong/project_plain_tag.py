"""Makes a tag that is no object of its own."""

# fails: project/has_tag
# hears: -a and -m make it one


def start_project(folder):
    (folder / ".gitignore").write_text(".env\n__pycache__/\n*.npz\n/data/\n")
    git(folder, "init")
    git(folder, "add", "--all")
    git(folder, "commit", "-m", "Nearest centroid, with tests")
    git(folder, "tag", "v0.1.0")
