"""Keeps a None when loading failed, so that the server has some peace."""

# fails: cached/no_poison
# hears: let the error of `load` go through


def cached(url, load, folder, max_age, now):
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
    try:
        entry = json.loads(path.read_bytes())
        if 0 <= now - entry["at"] < max_age:
            return entry["value"]
    except (OSError, ValueError):
        pass
    try:
        value = load(url)
    except Exception:
        value = None
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"at": now, "value": value}).encode())
    return value
