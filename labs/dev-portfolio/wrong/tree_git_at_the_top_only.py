"""Leaves out .git where it is a folder at the top only."""

# fails: tree/without_git
# hears: here and in the folders inside


def write_tree(repo, folder, top=True):
    entries = []
    for path in folder.iterdir():
        if top and path.name == ".git":
            continue
        if path.is_dir():
            entries.append((path.name + "/", f"40000 {path.name}", write_tree(repo, path, top=False)))
        else:
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
