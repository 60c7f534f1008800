"""Takes True for hidden."""

# fails: masked_attention/zero_weight, masked_attention/broadcasting, masked_attention/empty_rows
# hears: is the mask turned round?


def masked_attention(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is None:
        mask = torch.zeros_like(scores, dtype=torch.bool)
    weights = torch.softmax(scores.masked_fill(mask, torch.finfo(scores.dtype).min), dim=-1).masked_fill(mask, 0.0)
    return weights @ v, weights
