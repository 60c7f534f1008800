"""Computes in float64 and does not convert back."""

# fails: attention/keeps_dtype
# hears: output in torch.float64


def attention(q, k, v, scale=None):
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    weights = torch.softmax((q @ k.transpose(-2, -1)).double() * scale, dim=-1)
    return weights @ v.double(), weights
