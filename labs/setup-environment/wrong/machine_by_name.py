"""Reads the profile and the number type off the GPU's name."""

# fails: machine/memory_counts, machine/only_numbers_count, machine/versions_are_numbers
# hears: look at the memory and the capability


def choose(answer):
    lines = answer.strip().splitlines()
    if not lines:
        return "cpu", "float32", "cpu"
    name, memory, capability = lines[0].split(",")
    if float(capability) < 7.5 or float(memory) < 14_000:
        return "cpu", "float32", "cpu"
    if "H100" in name:
        return "cuda", "bfloat16", "h100"
    return "cuda", "float16" if "T4" in name else "bfloat16", "gpu"
