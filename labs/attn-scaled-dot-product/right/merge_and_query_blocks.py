"""Softmax with its own NaN repair; partial results merged by their log-sum-exp; backward pass by blocks of queries and autograd."""


def attention(q, k, v, scale=None):
    scale = 1 / math.sqrt(k.shape[-1]) if scale is None else scale
    weights = ((q * scale) @ k.mT).softmax(-1)
    return weights.matmul(v), weights


def causal_mask(n_q, n_k, device=None):
    future = torch.ones(n_q, n_k, dtype=torch.bool, device=device).triu(n_k - n_q + 1)
    return future.logical_not()


def masked_attention(q, k, v, mask=None, scale=None):
    scale = k.shape[-1] ** -0.5 if scale is None else scale
    if mask is None:
        return attention(q, k, v, scale)
    scores = (q * scale) @ k.mT
    some = mask.any(-1, keepdim=True)
    scores = torch.where(some, scores.masked_fill(~mask, float("-inf")), 0.0)
    weights = torch.where(some, scores.softmax(-1), 0.0)
    return weights @ v, weights


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    out, lse = None, None
    for start in range(0, k.shape[-2], chunk):
        scores = chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale)
        lse_2 = scores.logsumexp(-1, keepdim=True)
        part = (scores - lse_2).nan_to_num(nan=float("-inf"), neginf=float("-inf")).exp() @ v[..., start : start + chunk, :].to(
            scores.dtype
        )
        if out is None:
            out, lse = part, lse_2
            continue
        both = torch.logaddexp(lse, lse_2)
        safe = both.masked_fill(both == float("-inf"), 0.0)
        out = out * (lse - safe).exp() + part * (lse_2 - safe).exp()
        lse = both
    lse = lse.masked_fill(lse == float("-inf"), float("inf"))
    return out.to(q.dtype), lse[..., 0]


def attention_backward(grad, q, k, v, out, lse, *, mask=None, causal=False, scale=None, chunk=128):
    n_q, n_k = q.shape[-2], k.shape[-2]
    wide = torch.promote_types(q.dtype, torch.float32)
    keys, values = (each.detach().to(wide).requires_grad_() for each in (k, v))
    dq, dk, dv = torch.zeros_like(q), torch.zeros_like(keys), torch.zeros_like(values)
    for start in range(0, n_q, chunk):
        rows = slice(start, min(start + chunk, n_q))
        allowed = torch.ones(rows.stop - start, n_k, dtype=torch.bool, device=q.device)
        if causal:
            allowed = allowed.tril(n_k - n_q + start)
        if mask is not None:
            allowed = allowed & mask.expand(*mask.shape[:-2], n_q, n_k)[..., rows, :]
        queries = q[..., rows, :].detach().to(wide).requires_grad_()
        factor = q.shape[-1] ** -0.5 if scale is None else scale
        with torch.enable_grad():
            scores = (queries @ keys.mT * factor).masked_fill(~allowed, torch.finfo(wide).min)
            result = scores.softmax(-1).masked_fill(~allowed, 0.0) @ values
        parts = torch.autograd.grad(result, (queries, keys, values), grad[..., rows, :].to(wide))
        dq[..., rows, :] = parts[0].to(q.dtype)
        dk, dv = dk + parts[1], dv + parts[2]
    return dq, dk.to(k.dtype), dv.to(v.dtype)
