"""Lets torch.tensor choose the dtype of floats."""

# fails: collate/numbers, collate/pairs, collate/nests
# hears: torch.tensor alone would make float32


def collate(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        return torch.stack(samples)
    if isinstance(first, np.ndarray | np.number | np.bool_):
        return torch.stack([torch.as_tensor(each) for each in samples])
    if isinstance(first, float):
        return torch.tensor(samples)
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
