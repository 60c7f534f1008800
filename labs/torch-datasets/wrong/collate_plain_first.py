"""Asks for float before NumPy's numbers: np.float64 is right by accident, np.float32 has no rule."""

# fails: collate/numpy_numbers, collate/nests
# hears: np.float32 is not


def collate(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        return torch.stack(samples)
    if isinstance(first, np.ndarray):
        return torch.stack([torch.as_tensor(each) for each in samples])
    if isinstance(first, float):
        return torch.tensor(samples, dtype=torch.float64)
    if isinstance(first, int):
        return torch.tensor(samples)
    if isinstance(first, str | bytes):
        return samples
    if isinstance(first, Mapping):
        return {key: collate([each[key] for each in samples]) for key in first}
    if isinstance(first, tuple | list):
        parts = [collate(list(part)) for part in zip(*samples, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"cannot make a batch of {type(first).__name__}")
