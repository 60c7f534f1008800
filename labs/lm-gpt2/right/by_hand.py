"""Attention written out with explicit scores and a mask from positions, an own MLP class, initialization by module, a loader
that copies tensor by tensor, nucleus by a sorted threshold, generation that collects tokens in a list."""


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.size = config.n_head, config.n_embd // config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def split(self, part):
        return part.unflatten(-1, (self.heads, self.size)).transpose(1, 2)

    def forward(self, x, cache=None):
        q, k, v = map(self.split, self.c_attn(x).chunk(3, dim=-1))
        past = 0 if cache is None else cache.length
        if cache is not None:
            k, v = cache.append(k, v)
        scores = torch.einsum("bhid,bhjd->bhij", q, k) * self.size**-0.5
        query, key = torch.arange(past, past + q.shape[2]), torch.arange(k.shape[2])
        scores = scores.masked_fill((key[None, :] > query[:, None]).to(x.device), float("-inf"))
        y = torch.einsum("bhij,bhjd->bihd", torch.softmax(scores, dim=-1), v)
        return self.c_proj(y.flatten(-2))


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.c_fc, self.c_proj = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        h = self.c_fc(x)
        return self.c_proj(0.5 * h * (1 + torch.tanh(math.sqrt(2 / math.pi) * (h + 0.044715 * h**3))))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(config.n_embd), nn.LayerNorm(config.n_embd)
        self.attn, self.mlp = CausalSelfAttention(config), MLP(config.n_embd)

    def forward(self, x, cache=None):
        after_attention = x + self.attn(self.ln_1(x), cache=cache)
        return after_attention + self.mlp(self.ln_2(after_attention))


class GPT(nn.Module):
    def __init__(self, config, scale_residual=True):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd)
        self.apply(self.init)
        if scale_residual:
            with torch.no_grad():
                for name, weight in self.named_parameters():
                    if name.split(".")[-2:] == ["c_proj", "weight"]:
                        weight *= (2 * config.n_layer) ** -0.5

    @staticmethod
    def init(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, mean=0.0, std=0.02)
        if isinstance(module, nn.Linear):
            nn.init.zeros_(module.bias)

    def forward(self, idx, cache=None):
        past = 0 if cache is None else cache[0].length
        x = self.wte(idx) + self.wpe.weight[past : past + idx.shape[-1]]
        for block, memory in zip(self.h, cache if cache is not None else [None] * len(self.h), strict=True):
            x = block(x, memory)
        return torch.einsum("btc,vc->btv", self.ln_f(x), self.wte.weight)


def load_gpt2(model, state):
    own = dict(model.named_parameters())
    filled = set()
    for name, tensor in state.items():
        name = name.removeprefix("transformer.")
        parts = name.split(".")
        if name == "lm_head.weight" or parts[-2:] in (["attn", "bias"], ["attn", "masked_bias"]):
            continue
        if name not in own:
            raise KeyError(f"the model has no parameter {name}")
        conv = parts[-1] == "weight" and parts[-2] in ("c_attn", "c_proj", "c_fc")
        with torch.no_grad():
            own[name].copy_(tensor.transpose(0, 1) if conv else tensor)
        filled.add(name)
    if filled != set(own):
        raise ValueError(f"the checkpoint lacks {set(own) - filled}")


def next_token_probs(logits, temperature=1.0, top_k=None, top_p=None):
    vocabulary = logits.size(-1)
    if temperature == 0:
        probs = torch.zeros_like(logits)
        return probs.scatter_(-1, logits.argmax(-1, keepdim=True), 1.0)
    probs = torch.softmax(logits / temperature, dim=-1)
    ranked, order = probs.sort(dim=-1, descending=True)
    keep = torch.ones_like(ranked, dtype=torch.bool)
    if top_k is not None:
        keep &= torch.arange(vocabulary, device=logits.device) < top_k
    ranked = ranked * keep
    ranked = ranked / ranked.sum(-1, keepdim=True)
    if top_p is not None:
        reached = ranked.cumsum(-1) >= top_p
        ranked = ranked * ~F.pad(reached, (1, 0))[..., :-1]
        ranked = ranked / ranked.sum(-1, keepdim=True)
    return torch.empty_like(ranked).scatter_(-1, order, ranked)


def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    size, pieces, cache = model.config.block_size, [idx], None
    with torch.inference_mode():
        for _ in range(new_tokens):
            if cache is None:
                text = torch.cat(pieces, dim=1)
                fed, cache = (text if text.size(1) <= size else text[:, -(size // 2) :]), new_cache(model.config)
            logits = model(fed, cache)[:, -1, :]
            fed = torch.multinomial(next_token_probs(logits, temperature, top_k, top_p), num_samples=1, generator=generator)
            pieces.append(fed)
            if cache[0].length == size:
                cache = None
    return torch.cat(pieces, dim=1)
