"""Rebuilds the whole matrix of weights at once."""

# fails: attention_backward/backward_memory
# hears: as large as the whole


def attention_backward(grad, q, k, v, out, lse, *, mask=None, causal=False, scale=None, chunk=128):
    wide = torch.promote_types(q.dtype, torch.float32)
    alpha = q.shape[-1] ** -0.5 if scale is None else scale
    q2, k2, v2, grad = (each.to(wide) for each in (q, k, v, grad))
    p = torch.exp(chunk_scores(q, k, 0, k.shape[-2], mask=mask, causal=causal, scale=scale) - lse.unsqueeze(-1))
    ds = alpha * p * (grad @ v2.mT - (grad * out).sum(-1, keepdim=True))
    return (ds @ k2).to(q.dtype), (ds.mT @ q2).to(k.dtype), (p.mT @ grad).to(v.dtype)
