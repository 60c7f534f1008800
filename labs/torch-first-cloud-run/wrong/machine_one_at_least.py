"""Goes on with one example at a time when none fits."""

# fails: machine/nothing_fits
# hears: no number of pieces helps


def fit_machine(facts: dict, batch: int, example_bytes: float) -> dict:
    device, dtype = "cpu", "float32"
    if facts["capability"] is not None and facts["capability"] >= (7, 5):
        device, dtype = "cuda", "bfloat16" if facts["capability"] >= (8, 0) else "float16"
    elif facts["mps"]:
        device = "mps"
    fitting = int(facts["memory"][device] / 2 // example_bytes)
    fitting = max(1, fitting)
    if fitting < 1:
        raise ValueError(f"One example takes {example_bytes:,.0f} bytes, more than half of what is free on {device}: use a smaller model.")
    return {"device": device, "dtype": dtype, "pieces": math.ceil(batch / fitting)}
