"""Fills with -10,000, which is not lower than every score, and leaves empty rows uniform."""

# fails: masked_attention/extreme_allowed, masked_attention/empty_rows, masked_attention/masked_gradient
# hears: is not lower than every score
# hears: the plain average of all values


def masked_attention(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is not None:
        scores = scores.masked_fill(~mask, -1e4)
    weights = torch.softmax(scores, dim=-1)
    return weights @ v, weights
