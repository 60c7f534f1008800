"""Positions start at 0 for every piece."""

# fails: gpt/gpt_cache
# hears: every piece starts at position 0


class GPT(nn.Module):
    def __init__(self, config, scale_residual=True):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                writes = scale_residual and name.endswith("c_proj.weight")
                nn.init.normal_(p, std=0.02 / math.sqrt(2 * config.n_layer) if writes else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, idx, cache=None):
        start = 0
        x = self.wte(idx) + self.wpe(torch.arange(start, start + idx.shape[1]))
        for number, block in enumerate(self.h):
            x = block(x, cache[number] if cache else None)
        return F.linear(self.ln_f(x), self.wte.weight)
