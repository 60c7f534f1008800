"""Computes the scores chunk by chunk, and then joins them to the full matrix."""

# fails: chunked_attention/chunked_largest, chunked_attention/chunked_linear
# hears: as large as the whole
# hears: memory linear in the length


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    starts = range(0, k.shape[-2], chunk)
    s = torch.cat([chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale) for start in starts], -1)
    lse = torch.logsumexp(s, -1)
    lse = lse.masked_fill(lse == -math.inf, math.inf)
    return (torch.exp(s - lse.unsqueeze(-1)) @ v.to(s.dtype)).to(q.dtype), lse
