"""Ignores the generator and the options."""

# fails: generation/generation_random
# hears: pass generator to torch.multinomial


@torch.no_grad()
def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    window, cache, fed = model.config.block_size, new_cache(model.config), idx
    for _ in range(new_tokens):
        if cache[0].length + fed.shape[1] > window:
            cache, fed = new_cache(model.config), idx[:, -(window // 2) :]
        probs = next_token_probs(model(fed, cache)[:, -1])
        fed = torch.multinomial(probs, 1)
        idx = torch.cat((idx, fed), dim=1)
    return idx
