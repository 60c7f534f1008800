"""Skips every line that it cannot read."""

# fails: read/read_damaged
# hears: no kill leaves that behind


def read_run(folder):
    found = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
    *lines, _ = (folder / "run.jsonl").read_bytes().split(b"\n")
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if entry["event"] == "start":
            found |= {"config": entry["config"], "environment": entry["environment"]}
        elif entry["event"] == "log":
            for name, value in entry["metrics"].items():
                found["metrics"].setdefault(name, []).append((entry["step"], value))
        else:
            found["status"] = entry["status"]
    return found
