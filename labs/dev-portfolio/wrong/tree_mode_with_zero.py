"""Writes the mode as git prints it, 040000."""

# fails: tree/in_the_store, tree/nested_folders, tree/sorted_with_slash, tree/without_git
# hears: no 0 in front


def write_tree(repo, folder):
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            entries.append((path.name + "/", f"040000 {path.name}", write_tree(repo, path)))
        elif path.name != ".git":
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
