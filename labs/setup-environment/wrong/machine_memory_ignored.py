"""Never looks at the memory."""

# fails: machine/memory_counts
# hears: h100 needs 70,000 MiB


def choose(answer):
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    _, memory, capability = lines[0].split(",")
    version = tuple(int(number) for number in capability.strip().split("."))
    if version < (7, 5):
        return "cpu", "float32", "cpu"
    dtype = "bfloat16" if version >= (8, 0) else "float16"
    return "cuda", dtype, "h100" if version >= (9, 0) else "gpu"
