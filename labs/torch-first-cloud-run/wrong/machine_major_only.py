"""Compares only the first number of the capability."""

# fails: machine/dtype_of, machine/memory_of, machine/old_gpu
# hears: not their first numbers


def fit_machine(facts: dict, batch: int, example_bytes: float) -> dict:
    device, dtype = "cpu", "float32"
    if facts["capability"] is not None and facts["capability"][0] >= 7:
        device, dtype = "cuda", "bfloat16" if facts["capability"] >= (8, 0) else "float16"
    elif facts["mps"]:
        device = "mps"
    fitting = int(facts["memory"][device] / 2 // example_bytes)
    if fitting < 1:
        raise ValueError(f"One example takes {example_bytes:,.0f} bytes, more than half of what is free on {device}: use a smaller model.")
    return {"device": device, "dtype": dtype, "pieces": math.ceil(batch / fitting)}
