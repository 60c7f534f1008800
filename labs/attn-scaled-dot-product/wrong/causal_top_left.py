"""The staircase starts in the top left corner whatever the shape."""

# fails: causal_mask/fewer_queries, causal_mask/more_queries
# hears: aligned at the top left


def causal_mask(n_q, n_k, device=None):
    return torch.ones(n_q, n_k, dtype=torch.bool, device=device).tril()
