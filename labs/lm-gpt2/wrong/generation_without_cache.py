"""Reads the whole text for every token."""

# fails: generation/generation_cached, generation/generation_window
# hears: the model was fed 85 tokens in 10 calls


@torch.no_grad()
def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    for _ in range(new_tokens):
        probs = next_token_probs(model(idx[:, -model.config.block_size :])[:, -1], temperature, top_k, top_p)
        idx = torch.cat((idx, torch.multinomial(probs, 1, generator=generator)), dim=1)
    return idx
