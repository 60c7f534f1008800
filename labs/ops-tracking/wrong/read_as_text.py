"""Decodes the whole file before it splits it."""

# fails: read/read_half_character
# hears: split them at b


def read_run(folder):
    found = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
    *lines, _ = (folder / "run.jsonl").read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise ValueError(f"line {number} is damaged: {error}") from error
        if entry["event"] == "start":
            found |= {"config": entry["config"], "environment": entry["environment"]}
        elif entry["event"] == "log":
            for name, value in entry["metrics"].items():
                found["metrics"].setdefault(name, []).append((entry["step"], value))
        else:
            found["status"] = entry["status"]
    return found
