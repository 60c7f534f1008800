"""A position sees the past but not itself."""

# fails: causal_mask/square
# hears: no query sees itself here


def causal_mask(n_q, n_k, device=None):
    return torch.arange(n_k, device=device) < torch.arange(n_q, device=device)[:, None] + (n_k - n_q)
