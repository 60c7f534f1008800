"""True where the query may NOT attend."""

# fails: causal_mask/square
# hears: the mask turned round


def causal_mask(n_q, n_k, device=None):
    return torch.arange(n_k, device=device) > torch.arange(n_q, device=device)[:, None] + (n_k - n_q)
