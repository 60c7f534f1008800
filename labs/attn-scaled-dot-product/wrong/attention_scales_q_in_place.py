"""Scales the caller's q in place."""

# fails: attention/views_and_no_mutation
# hears: your code changed its argument `q`


def attention(q, k, v, scale=None):
    q *= q.shape[-1] ** -0.5 if scale is None else scale
    weights = torch.softmax(q @ k.transpose(-2, -1), dim=-1)
    return weights @ v, weights
