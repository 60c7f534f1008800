"""Einsum and explicit exponentials; the chunked version in two passes: first the log-sum-exp, then the weighted values."""


def attention(q, k, v, scale=None):
    if scale is None:
        scale = 1 / math.sqrt(k.size(-1))
    scores = torch.einsum("...id,...jd->...ij", q, k) * scale
    weights = torch.exp(scores - scores.max(dim=-1, keepdim=True).values)
    weights = weights / weights.sum(-1, keepdim=True)
    return torch.einsum("...ij,...jd->...id", weights, v), weights


def causal_mask(n_q, n_k, device=None):
    return torch.ones(n_q, n_k, dtype=torch.bool, device=device).tril(n_k - n_q)


def masked_attention(q, k, v, mask=None, scale=None):
    if scale is None:
        scale = 1 / math.sqrt(k.size(-1))
    scores = torch.einsum("...id,...jd->...ij", q, k) * scale
    if mask is not None:
        scores = torch.where(mask, scores, -math.inf)
    top = scores.detach().amax(-1, keepdim=True)
    exponentials = torch.exp(scores - torch.where(top == -math.inf, 0.0, top))  # e^-inf = 0, and no row is -inf minus -inf
    total = exponentials.sum(-1, keepdim=True)
    weights = exponentials / torch.where(total == 0, 1.0, total)
    return torch.einsum("...ij,...jd->...id", weights, v), weights


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    wide = torch.promote_types(q.dtype, torch.float32)
    options = {"mask": mask, "causal": causal, "scale": scale}
    starts = range(0, k.shape[-2], chunk)
    lse = q.new_full(q.shape[:-1], -math.inf, dtype=wide)
    for start in starts:
        lse = torch.logaddexp(lse, torch.logsumexp(chunk_scores(q, k, start, start + chunk, **options), dim=-1))
    lse = torch.where(lse == -math.inf, math.inf, lse)
    out = 0
    for start in starts:
        weights = torch.exp(chunk_scores(q, k, start, start + chunk, **options) - lse[..., None])
        out = out + weights @ v[..., start : start + chunk, :].to(wide)
    return out.to(q.dtype), lse


def attention_backward(grad, q, k, v, out, lse, *, mask=None, causal=False, scale=None, chunk=128):
    factor = k.size(-1) ** -0.5 if scale is None else scale
    wide = lse.dtype
    grad, queries, keys, values = (each.to(wide) for each in (grad, q, k, v))
    delta = torch.einsum("...id,...id->...i", grad, out.to(wide))[..., None]
    dq, dk, dv = torch.zeros_like(queries), [], []
    for start in range(0, k.shape[-2], chunk):
        these = slice(start, start + chunk)
        weights = torch.exp(chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale) - lse[..., None])
        d_scores = weights * (torch.einsum("...id,...jd->...ij", grad, values[..., these, :]) - delta) * factor
        dq = dq + torch.einsum("...ij,...jd->...id", d_scores, keys[..., these, :])
        dk.append(torch.einsum("...ij,...id->...jd", d_scores, queries))
        dv.append(torch.einsum("...ij,...id->...jd", weights, grad))
    return dq.to(q.dtype), torch.cat(dk, -2).to(k.dtype), torch.cat(dv, -2).to(v.dtype)
