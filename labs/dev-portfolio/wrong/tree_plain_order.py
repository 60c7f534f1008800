"""Sorts folders by their plain names."""

# fails: tree/sorted_with_slash
# hears: the folder came first


def write_tree(repo, folder):
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            entries.append((path.name, f"40000 {path.name}", write_tree(repo, path)))
        elif path.name != ".git":
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
