"""Asks whether there is a value with `if value`, and not whether its age is negative."""

# fails: cached/clock_set_back, cached/loads_once
# hears: `if value:` asks something else
# hears: its age would be negative


def cached(url, load, folder, max_age, now):
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
    value = None
    try:
        entry = json.loads(path.read_bytes())
        if now - entry["at"] < max_age:
            value = entry["value"]
    except (OSError, ValueError):
        pass
    if not value:
        value = load(url)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps({"at": now, "value": value}).encode())
    return value
