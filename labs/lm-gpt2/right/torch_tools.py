"""PyTorch's own tools: the lower-right causal bias for every case, functional linear layers, a tied nn.Linear as output layer,
truncated state dict editing, top-k by scatter."""


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.c_attn = nn.Linear(config.n_embd, config.n_embd * 3, bias=True)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd, bias=True)

    def forward(self, x, cache=None):
        from torch.nn.attention.bias import causal_lower_right

        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        q, k, v = (each.view(B, T, self.config.n_head, C // self.config.n_head).transpose(1, 2) for each in (q, k, v))
        k, v = cache.append(k, v) if cache is not None else (k, v)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=causal_lower_right(T, k.size(2)))
        return F.linear(y.permute(0, 2, 1, 3).contiguous().view(B, T, C), self.c_proj.weight, self.c_proj.bias)


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd, eps=1e-5)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(config.n_embd, eps=1e-5)
        self.mlp = nn.ModuleDict(
            {"c_fc": nn.Linear(config.n_embd, 4 * config.n_embd), "c_proj": nn.Linear(4 * config.n_embd, config.n_embd)}
        )

    def forward(self, x, cache=None):
        x = torch.add(x, self.attn(self.ln_1(x), cache))
        return torch.add(x, self.mlp["c_proj"](F.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh")))


class GPT(nn.Module):
    def __init__(self, config, scale_residual=True):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList([Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.lm_head.weight = self.wte.weight
        for name, p in self.named_parameters():
            if "ln_" in name:
                continue
            if name.endswith("bias"):
                p.data.zero_()
            else:
                p.data.normal_(0.0, 0.02)
            if scale_residual and "c_proj.weight" in name:
                p.data.div_(math.sqrt(2 * config.n_layer))

    def forward(self, idx, cache=None):
        positions = torch.arange(idx.size(1), device=idx.device) + (cache[0].length if cache is not None else 0)
        x = self.wte(idx) + self.wpe(positions)[None]
        for i in range(len(self.h)):
            x = self.h[i](x, cache[i] if cache is not None else None)
        return self.lm_head(self.ln_f(x))


def load_gpt2(model, state):
    state = {name.replace("transformer.", "", 1): tensor.detach().clone() for name, tensor in state.items()}
    for name in list(state):
        if name.endswith((".attn.bias", ".attn.masked_bias")) or name == "lm_head.weight":
            del state[name]
        elif any(layer in name for layer in ("c_attn", "c_fc", "c_proj")) and state[name].ndim == 2:
            state[name] = state[name].t().contiguous()
    if "lm_head.weight" in model.state_dict():
        state["lm_head.weight"] = state["wte.weight"]
    model.load_state_dict(state, strict=True)


def next_token_probs(logits, temperature=1.0, top_k=None, top_p=None):
    out = logits.clone()
    if temperature == 0:
        best = out.argmax(-1, keepdim=True)
        return torch.full_like(out, -math.inf).scatter(-1, best, 0.0).softmax(-1)
    out.div_(temperature)
    if top_k is not None and top_k < out.size(-1):
        values, where = out.topk(top_k, dim=-1)
        out = torch.full_like(out, -math.inf).scatter(-1, where, values)
    if top_p is not None:
        for row in out:
            p = row.softmax(0)
            ranks = p.argsort(descending=True)
            inside = int((p[ranks].cumsum(0) < top_p).sum()) + 1
            row[ranks[inside:]] = -math.inf
    return out.softmax(-1)


@torch.inference_mode()
def generate(model, idx, new_tokens, temperature=1.0, top_k=None, top_p=None, generator=None):
    text = torch.cat([idx, idx.new_empty(idx.shape[0], new_tokens)], dim=1)
    have, read, cache = idx.shape[1], 0, new_cache(model.config)
    while have < text.shape[1]:
        if cache[0].length + have - read > model.config.block_size:
            cache, read = new_cache(model.config), have - model.config.block_size // 2
        logits = model(text[:, read:have], cache)[:, -1]
        read = have
        text[:, have] = torch.multinomial(
            next_token_probs(logits, temperature=temperature, top_k=top_k, top_p=top_p), 1, generator=generator
        )[:, 0]
        have += 1
    return text
