"""Feeds the whole text to a model that has it in its cache already."""

# fails: generation/generation_shape
# hears: feed only the token that was drawn last


@torch.no_grad()
def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    cache = new_cache(model.config)
    for _ in range(new_tokens):
        probs = next_token_probs(model(idx, cache)[:, -1], temperature, top_k, top_p)
        idx = torch.cat((idx, torch.multinomial(probs, 1, generator=generator)), dim=1)
    return idx
