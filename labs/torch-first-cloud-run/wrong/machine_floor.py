"""Rounds the number of pieces down."""

# fails: machine/memory_of, machine/pieces_of
# hears: rounded up


def fit_machine(facts: dict, batch: int, example_bytes: float) -> dict:
    device, dtype = "cpu", "float32"
    if facts["capability"] is not None and facts["capability"] >= (7, 5):
        device, dtype = "cuda", "bfloat16" if facts["capability"] >= (8, 0) else "float16"
    elif facts["mps"]:
        device = "mps"
    fitting = int(facts["memory"][device] / 2 // example_bytes)
    if fitting < 1:
        raise ValueError(f"One example takes {example_bytes:,.0f} bytes, more than half of what is free on {device}: use a smaller model.")
    return {"device": device, "dtype": dtype, "pieces": max(1, batch // fitting)}
