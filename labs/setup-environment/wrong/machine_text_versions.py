"""Compares version numbers as text."""

# fails: machine/memory_counts, machine/versions_are_numbers
# hears: '10.0' sorts before '9.0'


def choose(answer):
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    _, memory, capability = lines[0].split(",")
    version = capability.strip()
    if version < "7.5" or float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    dtype = "bfloat16" if version >= "8.0" else "float16"
    return "cuda", dtype, "h100" if version >= "9.0" and float(memory) >= 70_000 else "gpu"
