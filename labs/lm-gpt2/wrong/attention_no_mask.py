"""No causal mask: every token sees the whole text."""

# fails: attention/attention_formula, attention/attention_causal
# hears: attention without a causal mask
# hears: they look into the future


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x, cache=None):
        batch, new, width = x.shape
        q, k, v = (part.view(batch, new, self.n_head, -1).transpose(1, 2) for part in self.c_attn(x).split(width, dim=-1))
        if cache is not None:
            k, v = cache.append(k, v)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.c_proj(y.transpose(1, 2).reshape(batch, new, width))
