"""Writes onto the old entry, and believes every file that it finds."""

# fails: cached/damage_is_repaired, cached/swaps
# hears: store with write_atomically
# hears: json.loads raises ValueError for it


def cached(url, load, folder, max_age, now):
    path = folder / f"{hashlib.sha256(url.encode()).hexdigest()}.json"
    if path.exists():
        entry = json.loads(path.read_text())
        if 0 <= now - entry["at"] < max_age:
            return entry["value"]
    value = load(url)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"at": now, "value": value}))
    return value
