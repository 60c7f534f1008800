"""Computes in bfloat16 on every GPU."""

# fails: machine/number_types, machine/only_numbers_count
# hears: no units for bfloat16


def choose(answer):
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    _, memory, capability = lines[0].split(",")
    version = tuple(int(number) for number in capability.strip().split("."))
    if version < (7, 5) or float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    dtype = "bfloat16"
    return "cuda", dtype, "h100" if version >= (9, 0) and float(memory) >= 70_000 else "gpu"
