"""Hashes the content alone."""

# fails: object/bytes_as_they_are, object/empty_content, object/kinds_differ, object/random_bytes
# hears: the header comes first


def object_id(kind, content):
    return hashlib.sha1(content).hexdigest()
