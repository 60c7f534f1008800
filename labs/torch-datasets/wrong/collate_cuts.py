"""Lets zip cut longer samples off."""

# fails: collate/refuses
# hears: plain zip cuts the longer ones off


def collate(samples):
    first = samples[0]
    if isinstance(first, Tensor):
        return torch.stack(samples)
    if isinstance(first, np.ndarray | np.number | np.bool_):
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
        parts = [collate(list(part)) for part in zip(*samples)]
        return type(first)(*parts) if hasattr(first, "_fields") else parts
    raise TypeError(f"cannot make a batch of {type(first).__name__}")
