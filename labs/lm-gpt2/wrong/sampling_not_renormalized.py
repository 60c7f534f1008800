"""Sets probabilities to zero and does not renormalize."""

# fails: sampling/sampling_top_k, sampling/sampling_top_p
# hears: renormalize


def next_token_probs(logits, temperature=1.0, top_k=None, top_p=None):
    if temperature == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    logits = logits / temperature
    probs = logits.softmax(-1)
    if top_k is not None:
        probs = probs.masked_fill(probs < probs.topk(min(top_k, probs.shape[-1])).values[..., -1:], 0)
    if top_p is not None:
        ranked, order = probs.sort(dim=-1, descending=True)
        before = ranked.cumsum(-1) - ranked
        probs = probs.masked_fill(torch.zeros_like(probs, dtype=torch.bool).scatter(-1, order, before >= top_p), 0)
    return probs
