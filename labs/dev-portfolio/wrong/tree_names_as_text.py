"""Writes the objects' names as 40 digits."""

# fails: tree/contents_untouched, tree/flat_folder, tree/in_the_store, tree/nested_folders, tree/sorted_with_slash
# fails: tree/without_git
# hears: 20 raw bytes


def write_tree(repo, folder):
    entries = []
    for path in folder.iterdir():
        if path.is_dir() and path.name != ".git":
            entries.append((path.name + "/", f"40000 {path.name}", write_tree(repo, path)))
        elif path.name != ".git":
            entries.append((path.name, f"100644 {path.name}", store(repo, "blob", path.read_bytes())))
    content = b"".join(f"{entry}\0".encode() + name.encode() for _, entry, name in sorted(entries))
    return store(repo, "tree", content)
