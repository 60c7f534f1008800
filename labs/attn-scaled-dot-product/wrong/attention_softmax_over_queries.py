"""Softmax over the queries: each key distributes its weight, not each query."""

# fails: attention/rows_sum_to_one, attention/matches_torch
# hears: softmax over the queries
# hears: the softmax runs over the keys


def attention(q, k, v, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    weights = torch.softmax(q @ k.transpose(-2, -1) * scale, dim=-2)
    return weights @ v, weights
