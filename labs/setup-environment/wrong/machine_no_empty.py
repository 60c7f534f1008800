"""Forgets that there may be no GPU."""

# fails: machine/no_gpu
# hears: IndexError


def choose(answer):
    lines = answer.strip().splitlines()
    _, memory, capability = lines[0].split(",")
    version = tuple(int(number) for number in capability.strip().split("."))
    if version < (7, 5) or float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    dtype = "bfloat16" if version >= (8, 0) else "float16"
    return "cuda", dtype, "h100" if version >= (9, 0) and float(memory) >= 70_000 else "gpu"
