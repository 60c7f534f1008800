"""`scale or default` takes a scale of zero for a missing one."""

# fails: attention/uses_the_given_scale
# hears: zero is a scale too


def attention(q, k, v, scale=None):
    weights = torch.softmax(q @ k.transpose(-2, -1) * (scale or q.shape[-1] ** -0.5), dim=-1)
    return weights @ v, weights
