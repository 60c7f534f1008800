"""Takes every name with a dot in front for .git."""

# fails: tree/without_git
# hears: exactly '.git'


def write_tree(repo, folder):
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and not path.name.startswith("."):
            entries.append((path.name + "/", f"40000 {path.name}", write_tree(repo, path)))
        elif not path.name.startswith("."):
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
