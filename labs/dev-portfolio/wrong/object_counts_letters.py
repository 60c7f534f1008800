"""Counts letters, not bytes."""

# fails: object/bytes_as_they_are, object/kinds_differ, object/random_bytes
# hears: its length counts in bytes


def object_id(kind, content):
    text = content.decode("utf-8", "replace")
    return hashlib.sha1(f"{kind} {len(text)}\0".encode() + content).hexdigest()
