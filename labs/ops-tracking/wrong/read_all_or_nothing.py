"""Expects every line to be whole."""

# fails: read/read_cut, read/read_first_line, read/read_half_character
# hears: a half line at the end is no damage


def read_run(folder):
    found = {"config": None, "environment": None, "metrics": {}, "status": "crashed"}
    for number, line in enumerate((folder / "run.jsonl").read_bytes().splitlines(), 1):
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
