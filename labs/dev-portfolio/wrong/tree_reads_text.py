"""Reads files as text, which turns line ends of Windows into others."""

# fails: tree/contents_untouched
# hears: path.read_bytes()


def write_tree(repo, folder):
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            entries.append((path.name + "/", f"40000 {path.name}", write_tree(repo, path)))
        elif path.name != ".git":
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_text(errors="replace").encode())))
    content = b"".join(f"{entry}\0".encode() + bytes.fromhex(name) for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
