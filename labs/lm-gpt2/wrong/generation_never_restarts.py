"""Goes on when the window is full."""

# fails: generation/generation_window
# hears: when the window is full, take a new cache


@torch.no_grad()
def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    cache, fed = new_cache(model.config), idx
    for _ in range(new_tokens):
        probs = next_token_probs(model(fed, cache)[:, -1], temperature, top_k, top_p)
        fed = torch.multinomial(probs, 1, generator=generator)
        idx = torch.cat((idx, fed), dim=1)
    return idx
