"""Takes every GPU, however old."""

# fails: machine/too_old
# hears: below 7.5


def choose(answer):
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    _, memory, capability = lines[0].split(",")
    version = tuple(int(number) for number in capability.strip().split("."))
    if float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    dtype = "bfloat16" if version >= (8, 0) else "float16"
    return "cuda", dtype, "h100" if version >= (9, 0) and float(memory) >= 70_000 else "gpu"
