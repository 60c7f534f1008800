"""The softmax as it stands in the formula, without subtracting the maximum: exp overflows."""

# fails: attention/extreme_scores
# hears: exp(1000) overflows


def attention(q, k, v, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    exponentials = torch.exp(q @ k.transpose(-2, -1) * scale)
    weights = exponentials / exponentials.sum(-1, keepdim=True)
    return weights @ v, weights
