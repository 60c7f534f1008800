"""A softmax for each chunk, and the mean of the results."""

# fails: chunked_attention/any_chunk, chunked_attention/extreme_chunks, chunked_attention/chunked_linear
# hears: plain average of the chunks' results


def chunked_attention(q, k, v, *, mask=None, causal=False, scale=None, chunk=128):
    outs, lses = [], []
    for start in range(0, k.shape[-2], chunk):
        s = chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale)
        outs.append(torch.softmax(s, -1).nan_to_num(0.0) @ v[..., start : start + chunk, :].to(s.dtype))
        lses.append(torch.logsumexp(s, -1))
    lse = torch.stack(lses).logsumexp(0)
    return (sum(outs) / len(outs)).to(q.dtype), lse.masked_fill(lse == -math.inf, math.inf)
