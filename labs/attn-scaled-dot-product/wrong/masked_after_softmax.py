"""Sets weights to zero after the softmax, without giving their share to the others."""

# fails: masked_attention/zero_weight, masked_attention/broadcasting
# hears: is the mask applied after the softmax?


def masked_attention(q, k, v, mask=None, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    weights = torch.softmax(q @ k.transpose(-2, -1) * scale, dim=-1)
    if mask is not None:
        weights = weights * mask
    return weights @ v, weights
