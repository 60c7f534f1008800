"""Adds -inf and paints over the NaN: the output is right, the gradient is NaN."""

# fails: masked_attention/masked_gradient
# hears: 0 · NaN is NaN in the backward pass


def masked_attention(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is not None:
        scores = scores + torch.zeros(mask.shape, dtype=scores.dtype).masked_fill(~mask, -math.inf)
    weights = torch.softmax(scores, dim=-1).nan_to_num(0.0)
    return weights @ v, weights
