"""Leaves out the NUL between header and content."""

# fails: object/bytes_as_they_are, object/empty_content, object/kinds_differ, object/random_bytes
# hears: no NUL


def object_id(kind, content):
    return hashlib.sha1(f"{kind} {len(content)}".encode() + content).hexdigest()
