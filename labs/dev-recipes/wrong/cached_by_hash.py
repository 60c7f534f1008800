"""Python's own hash makes the name."""

# fails: cached/own_files
# hears: changes with each start of Python


def cached(url, load, folder, max_age, now):
    path = folder / f"{abs(hash(url))}.json"
    try:
        entry = json.loads(path.read_bytes())
        if 0 <= now - entry["at"] < max_age:
            return entry["value"]
    except (OSError, ValueError):
        pass
    value = load(url)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(path, json.dumps({"at": now, "value": value}).encode())
    return value
