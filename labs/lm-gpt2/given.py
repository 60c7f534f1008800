"""References of the lab lm-gpt2: they stand in for the answers to earlier tasks while a later task is checked, and the checks
compare with them. `slip` names a mistake to make, for the messages. This file needs nothing but torch: its text is sent to
the learner's kernel when a grader judges from outside.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    """Causal self-attention by the formula; `slip` names a mistake to make, for the messages."""

    def __init__(self, config, slip: str = ""):
        super().__init__()
        self.n_head, self.slip = config.n_head, slip
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x, cache=None):
        batch, new, width = x.shape
        if self.slip == "interleaved":
            q, k, v = self.c_attn(x).view(batch, new, self.n_head, 3, -1).permute(3, 0, 2, 1, 4)
        elif self.slip == "no transpose":
            q, k, v = (part.reshape(batch, self.n_head, new, -1) for part in self.c_attn(x).split(width, dim=-1))
        else:
            q, k, v = self.c_attn(x).view(batch, new, 3, self.n_head, -1).permute(2, 0, 3, 1, 4)
        if self.slip == "order":
            q, k, v = k, q, v
        if cache is not None:
            k, v = cache.append(k, v)
        scores = q @ k.mT / (1 if self.slip == "scale" else math.sqrt(width if self.slip == "scale of the width" else q.shape[-1]))
        if self.slip != "mask":
            hidden = torch.ones(new, k.shape[2], dtype=torch.bool).triu(k.shape[2] - new + 1)
            scores = scores.masked_fill(hidden, -torch.inf)
        y = scores.softmax(-1) @ v
        y = y.reshape(batch, new, width) if self.slip == "merge" else y.mT.reshape(batch, width, new).mT
        return y if self.slip == "projection" else self.c_proj(y)


class Block(nn.Module):
    """The pre-norm block."""

    def __init__(self, config, slip: str = ""):
        super().__init__()
        width, self.slip = config.n_embd, slip
        self.ln_1, self.attn, self.ln_2 = nn.LayerNorm(width), Attention(config), nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(width, 4 * width), "c_proj": nn.Linear(4 * width, width)})

    def feed(self, x):
        hidden = self.mlp["c_fc"](x)
        hidden = F.relu(hidden) if self.slip == "relu" else F.gelu(hidden, approximate="none" if self.slip == "exact" else "tanh")
        return self.mlp["c_proj"](hidden)

    def forward(self, x, cache=None):
        if self.slip == "post-norm":
            x = self.ln_1(x + self.attn(x, cache))
            return self.ln_2(x + self.feed(x))
        if self.slip == "no residual":
            return self.feed(self.ln_2(self.attn(self.ln_1(x), cache)))
        if self.slip == "parallel":
            return x + self.attn(self.ln_1(x), cache) + self.feed(self.ln_2(x))
        if self.slip == "normed stream":
            x = self.ln_1(x)
            x = self.ln_2(x + self.attn(x, cache))
            return x + self.feed(x)
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.feed(self.ln_2(x))


class GPT(nn.Module):
    """The whole model, with the parameter names of the published checkpoint and the usual initialization."""

    def __init__(self, config, slip: str = ""):
        super().__init__()
        self.config, self.slip = config, slip
        self.wte, self.wpe = nn.Embedding(config.vocab_size, config.n_embd), nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd)

    def forward(self, idx, cache=None):
        start = cache[0].length if cache is not None and self.slip != "start" else 0
        x = self.wte(idx)
        if self.slip != "positions":
            x = x + self.wpe(torch.arange(start, start + idx.shape[1]))
        for block, memory in zip(self.h, cache or [None] * len(self.h), strict=True):
            x = block(x, memory)
        return (x if self.slip == "ln_f" else self.ln_f(x)) @ self.wte.weight.T


def probabilities(logits, temperature=1.0, top_k=None, top_p=None):
    """Temperature, then top-k, then top-p, one row at a time."""
    rows = []
    for row in logits:
        if temperature == 0:
            rows.append(F.one_hot(row.argmax(), len(row)).to(row))
            continue
        p = (row / temperature).softmax(-1)
        order = p.argsort(descending=True).tolist()
        kept = order[: len(order) if top_k is None else top_k]
        p = torch.stack([p[i] if i in kept else p[i] * 0 for i in range(len(p))])
        p = p / p.sum()
        if top_p is not None:
            mass, nucleus = 0.0, []
            for i in kept:
                nucleus.append(i)
                mass += p[i].item()
                if mass >= top_p:
                    break
            p = torch.stack([p[i] if i in nucleus else p[i] * 0 for i in range(len(p))])
        rows.append(p / p.sum())
    return torch.stack(rows)


def loaded_in_place(load_gpt2, model, state) -> dict:
    """Load `state` into `model` and say what was kept: {"same": the Parameter objects, "shared": names that share memory}."""
    before = {name: id(p) for name, p in model.named_parameters()}
    kept = {name: tensor.clone() for name, tensor in state.items()}
    load_gpt2(model, state)
    same = all(before[name] == id(p) for name, p in model.named_parameters())
    with torch.no_grad():
        for p in model.parameters():
            p.zero_()
    return {"same": same, "names": set(kept) == set(state), "shared": [n for n in kept if not torch.equal(kept[n], state.get(n, kept[n]))]}
