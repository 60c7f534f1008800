"""Keeps the running results in the dtype of the inputs."""

# fails: chunked_attention/wide_sums
# hears: lse in torch.bfloat16


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    m = q.new_full((*q.shape[:-1], 1), torch.finfo(q.dtype).min)
    total, acc = torch.zeros_like(m), q.new_zeros((*q.shape[:-1], v.shape[-1]))
    for start in range(0, k.shape[-2], chunk):
        s = chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale).to(q.dtype)
        m_new = torch.maximum(m, s.amax(-1, keepdim=True))
        p, r = torch.exp(s - m_new), torch.exp(m - m_new)
        total = r * total + p.sum(-1, keepdim=True)
        acc = r * acc + p @ v[..., start : start + chunk, :]
        m = m_new
    empty = total == 0
    return acc / total.masked_fill(empty, 1.0), (m + total.log()).masked_fill(empty, math.inf).squeeze(-1)
