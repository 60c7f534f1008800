"""Does not pass mask and causal on."""

# fails: chunked_attention/chunked_masks, chunked_attention/masked_chunks, chunked_attention/chunked_causality
# hears: is `mask` passed on to chunk_scores?
# hears: is `causal` passed on to chunk_scores?


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    wide = torch.promote_types(q.dtype, torch.float32)
    m = q.new_full((*q.shape[:-1], 1), torch.finfo(wide).min, dtype=wide)
    total, acc = torch.zeros_like(m), q.new_zeros((*q.shape[:-1], v.shape[-1]), dtype=wide)
    for start in range(0, k.shape[-2], chunk):
        s = chunk_scores(q, k, start, start + chunk, scale=scale)
        m_new = torch.maximum(m, s.amax(-1, keepdim=True))
        p, r = torch.exp(s - m_new), torch.exp(m - m_new)
        total = r * total + p.sum(-1, keepdim=True)
        acc = r * acc + p @ v[..., start : start + chunk, :].to(wide)
        m = m_new
    empty = total == 0
    return (acc / total.masked_fill(empty, 1.0)).to(q.dtype), (m + total.log()).masked_fill(empty, math.inf).squeeze(-1)
