"""Overwrites the stream with its normalized copy."""

# fails: block/block_formula
# hears: add the branch to x, not to the normalized x


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        width = config.n_embd
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = CausalSelfAttention(config)
        self.mlp = nn.Sequential(
            OrderedDict(c_fc=nn.Linear(width, 4 * width), gelu=nn.GELU(approximate="tanh"), c_proj=nn.Linear(4 * width, width))
        )

    def forward(self, x, cache=None):
        x = self.ln_1(x)
        x = self.ln_2(x + self.attn(x, cache))
        return x + self.mlp(x)
