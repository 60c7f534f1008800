"""Takes everything for a blob."""

# fails: object/empty_content, object/kinds_differ
# hears: not always blob


def object_id(kind, content):
    return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
