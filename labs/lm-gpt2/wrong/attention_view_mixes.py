"""Views the projection as (batch, heads, time, size) without a transpose."""

# fails: attention/attention_formula, attention/attention_causal
# hears: mixes time and heads


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x, cache=None):
        batch, new, width = x.shape
        q, k, v = (part.reshape(batch, self.n_head, new, -1) for part in self.c_attn(x).split(width, dim=-1))
        if cache is not None:
            k, v = cache.append(k, v)
        mask = torch.ones(new, k.shape[2], dtype=torch.bool).tril(k.shape[2] - new)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.c_proj(y.transpose(1, 2).reshape(batch, new, width))
