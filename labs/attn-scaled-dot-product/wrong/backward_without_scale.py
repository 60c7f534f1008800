"""Forgets that the scores carry the scale."""

# fails: attention_backward/backward_dk, attention_backward/backward_dq
# hears: the factor `scale` is missing


def attention_backward(grad, q, k, v, out, lse, *, mask=None, causal=False, scale=None, chunk=128):
    wide = torch.promote_types(q.dtype, torch.float32)
    dq, dk, dv = (torch.zeros_like(each, dtype=wide) for each in (q, k, v))
    grad = grad.to(wide)
    delta = (grad * out).sum(-1, keepdim=True)
    for start in range(0, k.shape[-2], chunk):
        keys = (..., slice(start, start + chunk), slice(None))
        p = torch.exp(chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale) - lse.unsqueeze(-1))
        ds = p * (grad @ v[keys].to(wide).mT - delta)
        dv[keys] = p.mT @ grad
        dk[keys] = ds.mT @ q.to(wide)
        dq += ds @ k[keys].to(wide)
    return dq.to(q.dtype), dk.to(k.dtype), dv.to(v.dtype)
