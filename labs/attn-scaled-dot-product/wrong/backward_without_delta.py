"""Treats every weight as free: dS = P * dP, without subtracting the row's mean."""

# fails: attention_backward/backward_dk, attention_backward/backward_dq, attention_backward/keys_cancel
# hears: is D = rowsum(dO ∘ O) subtracted
# hears: a row of dS sums to zero


def attention_backward(grad, q, k, v, out, lse, *, mask=None, causal=False, scale=None, chunk=128):
    wide = torch.promote_types(q.dtype, torch.float32)
    alpha = q.shape[-1] ** -0.5 if scale is None else scale
    dq, dk, dv = (torch.zeros_like(each, dtype=wide) for each in (q, k, v))
    grad = grad.to(wide)
    for start in range(0, k.shape[-2], chunk):
        keys = (..., slice(start, start + chunk), slice(None))
        p = torch.exp(chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale) - lse.unsqueeze(-1))
        ds = p * (grad @ v[keys].to(wide).mT)
        dv[keys] = p.mT @ grad
        dk[keys] = alpha * ds.mT @ q.to(wide)
        dq += alpha * ds @ k[keys].to(wide)
    return dq.to(q.dtype), dk.to(k.dtype), dv.to(v.dtype)
