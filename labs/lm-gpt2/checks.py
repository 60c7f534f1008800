"""What proves the answers of the lab lm-gpt2 right.

Each task is checked on its own: the classes and functions of the earlier tasks are replaced by the references in this file
while a later task is checked, so that one mistake costs one task. Everything is compared in float64.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

from scratchlab.checks import Wrong, beside, expect, expect_close, expect_shape, given, load_given, task, unchanged

references = load_given(__file__)
Attention, Block, GPT, probabilities = references.Attention, references.Block, references.GPT, references.probabilities

# ---------------------------------------------------------------- tools


def seeded(rng) -> torch.Generator:
    """A torch generator seeded from `rng`; torch's own default generator gets the same seed."""
    seed = int(rng.integers(2**31))
    torch.manual_seed(seed)
    return torch.Generator().manual_seed(seed)


def normal(rng, *shape) -> torch.Tensor:
    """Standard normal float64 numbers."""
    return torch.from_numpy(rng.standard_normal(shape))


def twin(module: nn.Module, reference: nn.Module, rng, *, tried: str, look: str, scale: float = 0.3) -> nn.Module:
    """Fill both modules with the same random float64 weights, biases and LayerNorm gains included; returns the reference."""
    module.double(), reference.double()
    mine, theirs = dict(module.named_parameters()), dict(reference.named_parameters())
    missing, extra = sorted(set(theirs) - set(mine)), sorted(set(mine) - set(theirs))
    expect(
        not missing and not extra, tried=tried, got=_difference(missing, extra), expected="exactly the names " + _short(theirs), look=look
    )
    with torch.no_grad():
        for name, weight in theirs.items():
            expect_shape(
                mine[name],
                tuple(weight.shape),
                tried=f"{tried}: {name}",
                look="nn.Linear(inputs, outputs) holds a weight (outputs, inputs)",
            )
            weight.copy_(scale * normal(rng, *weight.shape) + (1 if weight.dim() == 1 and name.endswith("weight") else 0))
    module.load_state_dict({name: weight.detach() for name, weight in theirs.items()}, strict=False)
    return reference


def _short(names) -> str:
    names = list(names)
    return ", ".join(names[:8]) + (f" ... ({len(names)} in all)" if len(names) > 8 else "")


def _difference(missing: list[str], extra: list[str]) -> str:
    parts = [f"{word}: {_short(names)}" for word, names in (("missing", missing), ("not known", extra)) if names]
    return "; ".join(parts)


def slipped(kind, config, reference, slips, inputs):
    """What each known mistake would return with the reference's weights, by the words that name it."""
    return {look: with_weights(kind(config, slip), reference)(inputs) for slip, look in slips.items()}


def with_weights(model, reference):
    """`model` in float64 with the weights of `reference`."""
    model = model.double()
    model.load_state_dict(reference.state_dict())
    return model


def blame(got, slips: dict, default: str) -> str:
    """The explanation of the mistake that would give exactly `got`; `slips` maps an explanation to what that mistake gives."""
    for look, value in slips.items():
        if (
            isinstance(got, torch.Tensor)
            and got.shape == value.shape
            and torch.allclose(got.double(), value.double(), atol=1e-9, rtol=1e-9)
        ):
            return look
    return default


def feed_in_pieces(model, inputs, sizes, cache):
    """Outputs of `model` for `inputs`, given in pieces of these lengths with one cache, joined along time."""
    return torch.cat([model(piece, cache) for piece in inputs.split(sizes, dim=1)], dim=1)


# ---------------------------------------------------------------- 1. attention

attention = task(
    "attention",
    hints=(
        "Project once with c_attn, cut the result into queries, keys and values, give each head its slice, attend, join the heads, "
        "project again.",
        "(B, T, C) -> c_attn -> (B, T, 3C) -> split(C, dim=-1) -> three (B, T, C) -> view(B, T, H, C // H) -> transpose(1, 2): "
        "(B, H, T, C / H). With S keys in all and T new queries, query i may see the keys 0 ... S - T + i.",
        "q, k, v = (part.view(B, T, H, C // H).transpose(1, 2) for part in self.c_attn(x).split(C, dim=-1)); "
        "with a cache: k, v = cache.append(k, v); mask = torch.ones(T, S, dtype=torch.bool, device=x.device).tril(S - T); "
        "y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask); join with y.transpose(1, 2).reshape(B, T, C)",
    ),
)
ATTENTION_SLIPS = {
    "mask": "this is attention without a causal mask: every token sees the tokens after it",
    "interleaved": "your heads are interleaved: c_attn gives all queries, all keys, all values; cut in three first, then into heads",
    "no transpose": "view(B, H, T, ...) mixes time and heads: view as (B, T, H, C/H) first, then transpose(1, 2)",
    "merge": "the heads are joined in the wrong order: transpose(1, 2) back to (B, T, H, C/H) before you reshape to (B, T, C)",
    "order": "c_attn gives the queries first, then the keys, then the values",
    "scale": "the scores must be divided by the square root of the head size",
    "scale of the width": "divide by the square root of the head size C/H, not of the whole width C",
    "projection": "the joined heads still have to pass through c_proj",
}

FIRST_KEY_ONLY = (
    "every token attends to the first key only: is_causal=True hangs its triangle in the top left corner, "
    "but one query at the end may see all keys"
)
TOP_LEFT = "the triangle hangs in the top left corner, as with is_causal=True and tril(): it must end bottom right, tril(S - T)"
NO_MASK = "without a mask the new tokens see each other's future: query i may see the keys 0 ... S - T + i"


def attention_pair(student, rng, n_head=2, n_embd=8, scale=0.3):
    """The learner's attention module and the reference with the same weights, and the configuration."""
    config = student.GPTConfig(vocab_size=11, block_size=16, n_layer=1, n_head=n_head, n_embd=n_embd)
    mine = student.CausalSelfAttention(config)
    look = "self.c_attn = nn.Linear(C, 3 * C) and self.c_proj = nn.Linear(C, C), both with bias, and no other parameters"
    return mine, twin(mine, Attention(config), rng, tried="the parameters of CausalSelfAttention", look=look, scale=scale), config


@attention.property("the parameters are c_attn and c_proj, with biases")
def attention_parameters(student, rng):
    attention_pair(student, rng)


@attention.property("the output equals multi-head attention by the formula", after="attention_parameters")
def attention_formula(student, rng):
    for batch, length, n_head, n_embd, scale in ((2, 5, 2, 8, 0.3), (1, 7, 3, 6, 1.0), (3, 1, 1, 4, 0.3), (2, 4, 4, 8, 30.0)):
        mine, reference, config = attention_pair(student, rng, n_head, n_embd, scale)
        x = normal(rng, batch, n_embd, length).mT  # not contiguous
        tried = f"random x of shape {(batch, length, n_embd)} with {n_head} heads"
        with unchanged(tried, x=x):
            got = mine(x)
        expect_shape(got, (batch, length, n_embd), tried=tried, look="the output has the shape of x")
        look = blame(
            got,
            slipped(Attention, config, reference, ATTENTION_SLIPS, x),
            "compare the shapes after each step with hint 2; is the mask lower-triangular?",
        )
        expect_close(got, reference(x), tried=tried, look=look)


@attention.property("no token sees a later one", after="attention_parameters")
def attention_causal(student, rng):
    mine, _, _ = attention_pair(student, rng)
    x = normal(rng, 2, 6, 8)
    changed = x.clone()
    changed[:, 4:] = normal(rng, 2, 2, 8)
    gap = (mine(x) - mine(changed))[:, :4].abs().amax(dim=(0, 2))
    moved = [i for i in range(4) if gap[i] > 1e-9]
    expect(
        not moved,
        tried="6 tokens, then the same with tokens 4 and 5 replaced",
        got=f"the outputs at positions {moved} changed",
        expected="the outputs at positions 0 to 3 stay as they were",
        look="they look into the future: mask the scores, or pass is_causal=True",
    )


@attention.property("with a cache, tokens given one at a time get the same outputs", after="attention_formula")
def attention_one_by_one(student, rng):
    mine, reference, config = attention_pair(student, rng)
    x, cache = normal(rng, 2, 6, 8), student.LayerCache(config.block_size)
    got = feed_in_pieces(mine, x, [1] * 6, cache)
    expect(
        cache.length == 6,
        tried="6 tokens one at a time with one cache",
        got=f"the cache holds {cache.length} keys",
        expected="6 keys",
        look="call k, v = cache.append(k, v) once, with the new keys and values only, and attend to what it returns",
    )
    first = torch.cat([reference.c_proj(reference.c_attn(x[:, :1])[..., 16:])] * 6, dim=1)
    alone = torch.cat([reference(x[:, i : i + 1]) for i in range(6)], dim=1)
    look = blame(
        got,
        {
            FIRST_KEY_ONLY: first,
            "every token attends to itself only: use the keys and values that cache.append returns": alone,
        },
        "one new query may see every key in the cache and its own",
    )
    expect_close(got, reference(x), tried="6 tokens one at a time with one cache", look=look)


@attention.property("with a cache, several new tokens at once see the past and not each other's future", after="attention_formula")
def attention_chunks(student, rng):
    for sizes in ([4, 3, 2], [1, 5, 1]):
        mine, reference, config = attention_pair(student, rng)
        x = normal(rng, 2, sum(sizes), 8)
        got = feed_in_pieces(mine, x, sizes, student.LayerCache(config.block_size))
        start, stop = sizes[0], sizes[0] + sizes[1]
        q, k, v = (part.view(2, -1, 2, 4).transpose(1, 2) for part in reference.c_attn(x).split(8, dim=-1))
        heads = {}
        for name, mask in (("corner", torch.ones(sizes[1], stop).tril()), ("none", torch.ones(sizes[1], stop))):
            y = F.scaled_dot_product_attention(q[:, :, start:stop], k[:, :, :stop], v[:, :, :stop], attn_mask=mask.bool())
            heads[name] = reference.c_proj(y.transpose(1, 2).reshape(2, sizes[1], 8))
        look = blame(
            got[:, start:stop],
            {
                TOP_LEFT: heads["corner"],
                NO_MASK: heads["none"],
            },
            "query i of T new ones stands at position S - T + i",
        )
        expect_close(got, reference(x), tried=f"{sum(sizes)} tokens in pieces of {sizes} with one cache", look=look)


# ---------------------------------------------------------------- 2. block

block = task(
    "block",
    hints=(
        "Two branches, each reads a normalized copy of the stream and adds its result to the stream itself.",
        "x <- x + Attn(LN1(x)); x <- x + MLP(LN2(x)), where the MLP goes C -> 4C -> tanh GELU -> C.",
        "self.mlp = nn.Sequential(OrderedDict(c_fc=nn.Linear(C, 4 * C), gelu=nn.GELU(approximate='tanh'), c_proj=nn.Linear(4 * C, C))); "
        "in forward: x = x + self.attn(self.ln_1(x), cache); return x + self.mlp(self.ln_2(x))",
    ),
)
BLOCK_SLIPS = {
    "post-norm": "this is the post-norm block of 2017: normalize what a branch reads, not the sum",
    "exact": "this is the exact (erf) GELU: GPT-2 uses the tanh approximation, nn.GELU(approximate='tanh')",
    "relu": "the activation is GELU, not ReLU",
    "no residual": "the results of the branches must be added to x",
    "parallel": "the second branch must read x after the first one was added to it",
    "normed stream": "the normalized copy is for the branch only: add the branch to x, not to the normalized x",
}


def block_pair(student, rng, n_head=2, n_embd=8):
    config = student.GPTConfig(vocab_size=11, block_size=16, n_layer=1, n_head=n_head, n_embd=n_embd)
    mine = student.Block(config)
    look = "ln_1, attn, ln_2 and mlp, where mlp has the layers c_fc (C to 4C) and c_proj (4C to C), all with bias"
    return mine, twin(mine, Block(config), rng, tried="the parameters of Block", look=look), config


@block.property("the parameters are those of ln_1, attn, ln_2 and mlp")
def block_parameters(student, rng):
    with given(student, CausalSelfAttention=Attention):
        block_pair(student, rng)


@block.property("the output equals x + Attn(LN(x)), then + MLP(LN(...))", after="block_parameters")
def block_formula(student, rng):
    with given(student, CausalSelfAttention=Attention):
        for batch, length, n_head, n_embd in ((2, 5, 2, 8), (1, 1, 1, 6)):
            mine, reference, config = block_pair(student, rng, n_head, n_embd)
            x = normal(rng, batch, length, n_embd)
            tried = f"random x of shape {(batch, length, n_embd)}"
            with unchanged(tried, x=x):
                got = mine(x)
            look = blame(
                got,
                slipped(Block, config, reference, BLOCK_SLIPS, x),
                "x = x + attn(ln_1(x)), then x = x + mlp(ln_2(x)); is the GELU the tanh approximation?",
            )
            expect_close(got, reference(x), tried=tried, look=look)


@block.property("the cache is passed on to the attention", after="block_parameters")
def block_cache(student, rng):
    with given(student, CausalSelfAttention=Attention):
        mine, _, config = block_pair(student, rng)
        x, cache = normal(rng, 2, 6, 8), student.LayerCache(config.block_size)
        got = feed_in_pieces(mine, x, [3, 2, 1], cache)
        look = "self.attn(self.ln_1(x), cache)"
        expect(
            cache.length == 6, tried="6 tokens in pieces of 3, 2, 1", got=f"{cache.length} keys in the cache", expected="6 keys", look=look
        )
        expect_close(got, mine(x), tried="6 tokens in pieces of 3, 2, 1, against all at once", look=look)


# ---------------------------------------------------------------- 3. gpt

gpt = task(
    "gpt",
    hints=(
        "Look up a vector for each token and one for its position, add them, run the blocks, normalize, and compare the result "
        "with every token's vector.",
        "x = wte[idx] + wpe[start + 0 ... start + T - 1], where start is cache[0].length with a cache, else 0; "
        "logits = ln_f(x) @ wte.weight.T. Weights ~ N(0, 0.02^2), biases 0; the c_proj weights ~ N(0, 0.02^2 / (2 n_layer)).",
        "In __init__, last: for name, p in self.named_parameters(): if p.dim() == 2: nn.init.normal_(p, std=...); "
        "elif name.endswith('bias'): nn.init.zeros_(p). In forward: "
        "for number, block in enumerate(self.h): x = block(x, cache[number] if cache else None); "
        "return F.linear(self.ln_f(x), self.wte.weight)",
    ),
)
GPT_SLIPS = {
    "ln_f": "the final LayerNorm ln_f is missing before the logits",
    "positions": "the position embeddings wpe are not added",
}
NAMES = "wte, wpe, h (an nn.ModuleList of blocks) and ln_f; the output layer is wte.weight once more, not a layer of its own"


def gpt_pair(student, rng, **sizes):
    config = student.GPTConfig(**{"vocab_size": 11, "block_size": 9, "n_layer": 2, "n_head": 2, "n_embd": 8, **sizes})
    mine = student.GPT(config)
    return mine, twin(mine, GPT(config), rng, tried="the parameters of GPT", look=NAMES), config


@gpt.property("the parameters are those of wte, wpe, h and ln_f")
def gpt_parameters(student, rng):
    with given(student, Block=Block):
        mine, _, config = gpt_pair(student, rng)
    expect(
        getattr(mine, "config", None) == config,
        tried="model.config",
        got=getattr(mine, "config", "no such attribute"),
        expected=config,
        look="keep the line self.config = config",
    )


@gpt.property("GPT-2 small has exactly 124,439,808 parameters")
def gpt_size(student, rng):
    with given(student, Block=Block), torch.device("meta"):
        count = sum(p.numel() for p in student.GPT(student.GPTConfig()).parameters())
    look = {
        124_439_808 + 50257 * 768: "50,257 x 768 too many: the output layer must share the weight of wte",
        124_439_808 - 1024 * 768: "the position embeddings are missing",
        124_439_808 - 2 * 768: "the final LayerNorm is missing",
        124_439_808 - 85_054_464: "PyTorch does not find the blocks: keep them in an nn.ModuleList, not in a plain list",
    }.get(count, "count by part: wte, wpe, 12 blocks, ln_f")
    expect(
        count == 124_439_808, tried="GPT(GPTConfig()) on the meta device", got=f"{count:,} parameters", expected="124,439,808", look=look
    )


@gpt.property("the logits equal the reference for random weights", after="gpt_parameters")
def gpt_logits(student, rng):
    with given(student, Block=Block):
        for batch, length, sizes in ((2, 5, {}), (1, 9, {"n_layer": 3}), (3, 1, {"n_head": 1})):
            mine, reference, config = gpt_pair(student, rng, **sizes)
            idx = torch.from_numpy(rng.integers(0, 11, (batch, length)))
            tried = f"token ids of shape {(batch, length)}, {config.n_layer} layers"
            got = mine(idx)
            expect_shape(got, (batch, length, 11), tried=tried, look="one row of logits over the vocabulary for each position")
            look = blame(
                got,
                slipped(GPT, config, reference, GPT_SLIPS, idx),
                "wte + wpe, the blocks in order, ln_f, then the product with wte.weight",
            )
            expect_close(got, reference(idx), tried=tried, look=look)


@gpt.property("with a cache, pieces of the text give the same logits", after="gpt_logits")
def gpt_cache(student, rng):
    with given(student, Block=Block):
        for sizes, n_layer in (([4, 1, 1, 3], 2), ([2, 7], 1), ([9], 3)):
            mine, reference, config = gpt_pair(student, rng, n_layer=n_layer, block_size=32)
            idx = torch.from_numpy(rng.integers(0, 11, (2, 9)))
            cache = student.new_cache(config)
            got = feed_in_pieces(mine, idx, sizes, cache)
            held = [each.length for each in cache]
            tried = f"9 tokens in pieces of {sizes} with one cache"
            look = "give block number i the cache number i"
            expect(held == [9] * n_layer, tried=tried, got=f"the layers' caches hold {held} tokens", expected=[9] * n_layer, look=look)
            wrong = with_weights(GPT(config, "start"), reference)
            again = "every piece starts at position 0: with a cache, the first new token stands at position cache[0].length"
            look = blame(got, {again: feed_in_pieces(wrong, idx, sizes, student.new_cache(config))}, look)
            expect_close(got, reference(idx), tried=tried, look=look)


def expect_std(weight, std: float, *, tried: str, look: str, near: dict | None = None) -> None:
    """Mean 0 and this standard deviation, within five standard errors of a normal sample."""
    n, actual = weight.numel(), weight.std().item()
    for value, why in (near or {}).items():
        if abs(actual - value) < 5 * value / math.sqrt(2 * n):
            look = why
    expect(
        abs(actual - std) < 5 * std / math.sqrt(2 * n),
        tried=tried,
        got=f"standard deviation {actual:.4f}",
        expected=f"{std:.4f}",
        look=look,
    )
    expect(abs(weight.mean().item()) < 5 * std / math.sqrt(n), tried=tried, got=f"mean {weight.mean().item():.4f}", expected="0", look=look)


def fresh(student, rng, n_layer, **keywords) -> dict:
    """Parameters by name of a fresh model of width 64."""
    seeded(rng)
    with given(student, Block=Block):
        config = student.GPTConfig(vocab_size=150, block_size=100, n_layer=n_layer, n_head=2, n_embd=64)
        return dict(student.GPT(config, **keywords).named_parameters())


@gpt.property("fresh weights are normal with standard deviation 0.02, biases 0, LayerNorm gains 1", after="gpt_parameters")
def gpt_init(student, rng):
    for name, p in fresh(student, rng, 3).items():
        tried, p = f"{name} of a fresh model", p.detach()
        if name.endswith("c_proj.weight"):
            continue
        if p.dim() == 2:
            near = {
                1.0: "this is nn.Embedding's own N(0, 1): initialize the embeddings too",
                1 / math.sqrt(192): "this is nn.Linear's own initialization",
            }
            expect_std(p, 0.02, tried=tried, look="nn.init.normal_(p, std=0.02) for every matrix, embeddings included", near=near)
        else:
            expect_close(p, float("ln" in name and name.endswith("weight")), tried=tried, look="biases start at 0, LayerNorm gains at 1")


@gpt.property(
    "the matrices that write to the residual stream are smaller by sqrt(2 n_layer), unless told otherwise", after="gpt_parameters"
)
def gpt_residual_init(student, rng):
    for n_layer in (3, 8):
        for keywords in ({}, {"scale_residual": True}, {"scale_residual": False}):
            for name, p in fresh(student, rng, n_layer, **keywords).items():
                if name.endswith("c_proj.weight"):
                    scaled = keywords.get("scale_residual", True)
                    tried = f"{name} of GPT(config{''.join(f', {key}={value}' for key, value in keywords.items())}) with {n_layer} layers"
                    std = 0.02 / math.sqrt(2 * n_layer) if scaled else 0.02
                    near = {
                        0.02
                        / math.sqrt(
                            n_layer
                        ): "each block writes twice, once from attn and once from mlp: there are 2 n_layer such matrices",
                        0.02 / (2 * n_layer): "variances add up, not standard deviations: divide by the square root",
                        0.02: "attn.c_proj and mlp.c_proj write to the residual stream: divide their 0.02 by sqrt(2 n_layer)",
                    }
                    expect_std(
                        p.detach(), std, tried=tried, look="only scale_residual decides about c_proj.weight", near=near if scaled else None
                    )


# ---------------------------------------------------------------- 4. load

load = task(
    "load",
    hints=(
        "Go through the checkpoint, turn each name into one of your model's, transpose the tensor if its layer is a Conv1D, "
        "and let load_state_dict do the rest.",
        "Drop the prefix 'transformer.'; leave out names that end in one of SKIPPED; transpose those that end in one of CONV1D. "
        "str.endswith takes a tuple. load_state_dict refuses what does not fit, as long as strict is True.",
        "own = {}; for name, tensor in state.items(): if not name.endswith(SKIPPED): "
        "own[name.removeprefix('transformer.')] = tensor.T if name.endswith(CONV1D) else tensor; then model.load_state_dict(own)",
    ),
)


def checkpoint(student, rng, **sizes):
    """A model to load into, and a random checkpoint in the layout of transformers with the tensors that it must become."""
    config = student.GPTConfig(**{"vocab_size": 11, "block_size": 9, "n_layer": 2, "n_head": 2, "n_embd": 8, **sizes})
    model = beside(student, GPT)(config).double()
    want = {name: normal(rng, *p.shape) for name, p in model.named_parameters()}
    state = {f"transformer.{name}": (w.T.contiguous() if is_conv1d(name) else w.clone()) for name, w in want.items()}
    state["lm_head.weight"] = state["transformer.wte.weight"]
    return model, state, want


def is_conv1d(name: str) -> bool:
    return name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight"))


def expect_loaded(student, model, state, want, tried, hint):
    """Load `state`; every parameter must then be the one in `want`. An error of load_state_dict is told in one line."""
    try:
        student.load_gpt2(model, state)
    except NotImplementedError:
        raise
    except (RuntimeError, KeyError, ValueError) as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise Wrong(tried=tried, got=said if len(said) <= 160 else said[:157] + "...", expected="no error", look=hint) from error
    for name, p in model.named_parameters():
        look = "is this tensor left out?"
        if is_conv1d(name):
            look = "transformers' Conv1D holds its weight as (inputs, outputs), nn.Linear as (outputs, inputs): transpose it"
            if p.shape[0] == p.shape[1] and torch.equal(p, want[name].T):
                look = "it is not transposed: a square matrix fits both ways, so decide by its name, not by its shape"
        elif p.dim() == 2 and p.shape[0] == p.shape[1] and torch.equal(p, want[name].T):
            look = "it is transposed and must not be: only the Conv1D weights are stored the other way round"
        expect_close(p, want[name], tried=f"{tried}: {name}", look=look)


@load.property("every tensor arrives, the Conv1D weights transposed")
def load_values(student, rng):
    for sizes in ({}, {"n_layer": 3, "n_embd": 6, "n_head": 1, "vocab_size": 6}):
        model, state, want = checkpoint(student, rng, **sizes)
        expect_loaded(
            student,
            model,
            state,
            want,
            "the state dict of a GPT2LMHeadModel",
            "names: drop the prefix; skip lm_head.weight; transpose the Conv1D weights",
        )


@load.property("the file on the hub loads too: names without 'transformer.', mask buffers, no lm_head")
def load_hub_layout(student, rng):
    model, state, want = checkpoint(student, rng)
    del state["lm_head.weight"]
    state = {name.removeprefix("transformer."): tensor for name, tensor in state.items()}
    for layer in range(2):
        state[f"h.{layer}.attn.bias"] = torch.ones(1, 1, 9, 9).tril()
        state[f"h.{layer}.attn.masked_bias"] = torch.tensor(-1e4)
    hint = "here the names have no prefix, and h.0.attn.bias, h.0.attn.masked_bias (masks) are to be skipped"
    expect_loaded(student, model, state, want, "a checkpoint with the names of the file on the hub", hint)


@load.property("a checkpoint that does not fit raises an error")
def load_refuses(student, rng):
    model, state, _ = checkpoint(student, rng)
    student.load_gpt2(model, state)  # the whole one must load
    look = "a silent half-loaded model is the worst bug of all: call load_state_dict with strict=True (its default)"
    for tried, change in (
        ("a checkpoint without h.1.mlp.c_fc.bias", lambda s: s.pop("transformer.h.1.mlp.c_fc.bias")),
        ("a checkpoint with a third block, for a model with two", lambda s: s.update({"transformer.h.2.ln_1.bias": torch.zeros(8)})),
    ):
        broken = dict(state)
        change(broken)
        try:
            student.load_gpt2(model, broken)
        except (RuntimeError, KeyError, ValueError):
            continue
        raise Wrong(tried=tried, got="no error", expected="a RuntimeError, KeyError or ValueError", look=look)


@load.property("the model gets copies: same parameters as before, checkpoint untouched")
def load_copies(student, rng):
    model, state, _ = checkpoint(student, rng)
    found = beside(student, references.loaded_in_place)(student.load_gpt2, model, state)
    expect(
        found["names"],
        tried="looking at the checkpoint after loading",
        got="tensors were added to it or removed from it",
        expected="the dictionary as it was",
        look="make a new dictionary instead of changing `state`",
    )
    look = "copy into the parameters (load_state_dict, or p.copy_ under no_grad); an optimizer holds on to the old ones"
    expect(
        found["same"],
        tried="comparing the model's parameters before and after",
        got="new Parameter objects",
        expected="the same ones, with new values",
        look=look,
    )
    expect(
        not found["shared"],
        tried="setting the model's weights to 0 after loading",
        got=f"the checkpoint changed: {_short(found['shared'])}",
        expected="no change",
        look=look,
    )


# ---------------------------------------------------------------- 5. sampling

sampling = task(
    "sampling",
    hints=(
        "Divide by the temperature, take tokens away by setting their logit to minus infinity, and let one softmax at the end renormalize.",
        "top-k keeps the logits >= the k-th largest. top-p: sort the probabilities downwards; a token stays if the mass of those "
        "before it, cumsum - p, is still < top_p.",
        "probs, order = logits.softmax(-1).sort(dim=-1, descending=True); before = probs.cumsum(-1) - probs; "
        "dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before >= top_p); "
        "logits = logits.masked_fill(dropped, -torch.inf)",
    ),
)


def hand_made(rng, p=(0.4, 0.3, 0.2, 0.1)):
    """Logits of two rows with these probabilities in random order, shifted by a constant, and the order of each row."""
    orders = [rng.permutation(len(p)).tolist() for _ in range(2)]
    logits = torch.tensor([[math.log(p[i]) for i in order] for order in orders], dtype=torch.float64) + normal(rng, 2, 1)
    return logits, orders


def expect_distribution(got, orders, wanted, *, tried, look, slips: dict | None = None):
    """`got` must give token of rank r the probability wanted[r]; `slips` maps a look to what a mistake gives by rank."""
    rows = torch.tensor([[wanted[i] for i in order] for order in orders], dtype=torch.float64)
    expect_shape(got, tuple(rows.shape), tried=tried, look="one distribution over the vocabulary for each row")
    made = {
        why: torch.tensor([[values[i] for i in order] for order in orders], dtype=torch.float64) for why, values in (slips or {}).items()
    }
    expect_close(got, rows, tried=tried, look=blame(got, made, look))


@sampling.property("without options it is the softmax; the logits are left as they were")
def sampling_softmax(student, rng):
    logits = 3 * normal(rng, 3, 7)
    with unchanged("random logits of shape (3, 7)", logits=logits):
        got = student.next_token_probs(logits)
        student.next_token_probs(logits, temperature=0.5, top_k=3, top_p=0.9)
    expect_close(got, logits.softmax(-1), tried="random logits of shape (3, 7)", look="softmax over the last axis")


@sampling.property("temperature divides the logits")
def sampling_temperature(student, rng):
    logits = 2 * normal(rng, 2, 6)
    for temperature in (0.5, 1.7):
        got = student.next_token_probs(logits.clone(), temperature=temperature)
        slips = {
            "the logits are multiplied by the temperature: divide, so that a low temperature sharpens": (logits * temperature).softmax(-1),
            "the probabilities are divided and not the logits": (logits.softmax(-1) / temperature).softmax(-1),
        }
        look = blame(got, slips, "softmax(logits / temperature)")
        expect_close(got, (logits / temperature).softmax(-1), tried=f"temperature={temperature}", look=look)


@sampling.property("temperature 0 puts all probability on the most probable token")
def sampling_greedy(student, rng):
    logits = 2 * normal(rng, 4, 6)
    got = student.next_token_probs(logits, temperature=0)
    expect_close(
        got,
        F.one_hot(logits.argmax(-1), 6).double(),
        tried="temperature=0",
        look="dividing by 0 gives inf and NaN: treat it on its own, with argmax",
    )


@sampling.property("top_k keeps exactly the k most probable tokens, renormalized")
def sampling_top_k(student, rng):
    for k, wanted in ((1, (1, 0, 0, 0)), (2, (4 / 7, 3 / 7, 0, 0)), (4, (0.4, 0.3, 0.2, 0.1)), (50, (0.4, 0.3, 0.2, 0.1))):
        logits, orders = hand_made(rng)
        unnormalized = [p if rank < k else 0 for rank, p in enumerate((0.4, 0.3, 0.2, 0.1))]
        slips = {"the tokens that are left must share all the probability: renormalize": unnormalized}
        if k == 50:
            slips = {}
        got = student.next_token_probs(logits, top_k=k)
        expect_distribution(
            got,
            orders,
            wanted,
            tried=f"probabilities 0.4, 0.3, 0.2, 0.1 in some order, top_k={k}",
            look="the k largest logits stay, all others become -inf",
            slips=slips,
        )


@sampling.property("top_p keeps the smallest set of most probable tokens that reaches p, renormalized")
def sampling_top_p(student, rng):
    dropped = "the token that crosses p belongs to the set: keep a token if the mass BEFORE it is below p"
    cases = (
        (0.65, (4 / 7, 3 / 7, 0, 0), {dropped: (1, 0, 0, 0)}),
        (0.75, (4 / 9, 3 / 9, 2 / 9, 0), {dropped: (4 / 7, 3 / 7, 0, 0)}),
        (0.95, (0.4, 0.3, 0.2, 0.1), {dropped: (4 / 9, 3 / 9, 2 / 9, 0)}),
        (0.05, (1, 0, 0, 0), {}),
    )
    for top_p, wanted, slips in cases:
        logits, orders = hand_made(rng)
        slips["the tokens that are left must share all the probability: renormalize"] = [
            p if w else 0 for p, w in zip((0.4, 0.3, 0.2, 0.1), wanted, strict=True)
        ]
        tried = f"probabilities 0.4, 0.3, 0.2, 0.1 in some order, top_p={top_p}"
        look = (
            "sort downwards, add up, and put the decision back into the original order with scatter; the most probable token always stays"
        )
        expect_distribution(student.next_token_probs(logits, top_p=top_p), orders, wanted, tried=tried, look=look, slips=slips)


@sampling.property("logits of +-10,000 and of minus infinity are no problem", after="sampling_top_p")
def sampling_extremes(student, rng):
    extreme = torch.tensor([[1e4, -1e4, 0.0], [-torch.inf, 0.0, 0.0]], dtype=torch.float64)
    want = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.5, 0.5]], dtype=torch.float64)
    look = "use torch's softmax, which subtracts the maximum"
    for options in ({}, {"top_k": 2}, {"top_p": 0.9}):
        expect_close(student.next_token_probs(extreme, **options), want, tried=f"logits of +-1e4 and -inf, {options}", look=look)


@sampling.property("top_k comes before top_p, which sees what top_k left", after="sampling_top_p")
def sampling_k_before_p(student, rng):
    logits, orders = hand_made(rng)
    got = student.next_token_probs(logits, top_k=3, top_p=0.75)
    slips = {"top_p saw the tokens that top_k removes: apply top_k first and renormalize, then top_p": (4 / 9, 3 / 9, 2 / 9, 0)}
    tried = "probabilities 0.4, 0.3, 0.2, 0.1 in some order, top_k=3, top_p=0.75"
    expect_distribution(
        got, orders, (4 / 7, 3 / 7, 0, 0), tried=tried, look="after top_k=3 the masses are 0.444, 0.333, 0.222", slips=slips
    )


@sampling.property("the temperature comes before both", after="sampling_top_p")
def sampling_temperature_first(student, rng):
    logits, orders = hand_made(rng, (0.6, 0.25, 0.15))
    flat = [math.sqrt(p) for p in (0.6, 0.25, 0.15)]
    got = student.next_token_probs(logits, temperature=2.0, top_p=0.8)
    tried = "probabilities 0.6, 0.25, 0.15 in some order, temperature=2, top_p=0.8"
    first = "the temperature comes first: top_p looks at the flattened distribution, 0.47, 0.30, 0.23"
    slips = {
        first: (flat[0] / (flat[0] + flat[1]), flat[1] / (flat[0] + flat[1]), 0),
        "a temperature of 2 must flatten the distribution: divide the logits by it": (1, 0, 0),
    }
    expect_distribution(got, orders, [each / sum(flat) for each in flat], tried=tried, look=first, slips=slips)


@sampling.property("random logits give the reference's distribution, in float32 too", after="sampling_k_before_p")
def sampling_random(student, rng):
    for dtype, tol in ((torch.float64, 1e-9), (torch.float32, 1e-5)):
        logits = (2 * normal(rng, 5, 12)).to(dtype)
        for options in (
            {"temperature": 0.7, "top_k": 5},
            {"temperature": 1.3, "top_p": 0.8},
            {"temperature": 0.9, "top_k": 7, "top_p": 0.85},
        ):
            got = student.next_token_probs(logits.clone(), **options)
            tried = f"random {str(dtype).removeprefix('torch.')} logits of shape (5, 12), {options}"
            expect(
                getattr(got, "dtype", None) == dtype,
                tried=tried,
                got=getattr(got, "dtype", type(got)),
                expected=dtype,
                look="keep the dtype of the logits",
            )
            expect_close(
                got,
                probabilities(logits, **options),
                tried=tried,
                tol=tol,
                look="are the properties above all right? then look at the rows: each is cut on its own",
            )


# ---------------------------------------------------------------- 6. generate

generation = task(
    "generation",
    hints=(
        "Feed the prompt once; after that feed only the token that was drawn last. The cache remembers the rest.",
        "Keep two things: idx, all tokens so far, and fed, what the model has not read yet. "
        "If cache[0].length + fed.shape[1] > block_size, start again: a new cache, and fed = the last block_size // 2 tokens of idx.",
        "logits = model(fed, cache)[:, -1]; probs = next_token_probs(logits, temperature, top_k, top_p); "
        "fed = torch.multinomial(probs, 1, generator=generator); idx = torch.cat((idx, fed), dim=1)",
    ),
)


class Clockwork:
    """Stands in for a model: each next token is a fixed function of all tokens it has read and of their positions.

    `fixed` logits make it a model that ignores what it reads. It counts the tokens it is fed and notes the calls.
    """

    def __init__(self, student, block_size=16, fixed=None):
        self.config = student.GPTConfig(vocab_size=13, block_size=block_size, n_layer=1, n_head=1, n_embd=1)
        self.fixed, self.fed, self.calls, self.recording = fixed, 0, [], False
        self.weight = torch.zeros((), dtype=torch.float64, requires_grad=True)

    def __call__(self, idx, cache=None):
        start = cache[0].length if cache is not None else 0
        self.fed, self.recording = self.fed + idx.numel() // len(idx), self.recording or torch.is_grad_enabled()
        self.calls.append((start, idx.shape[1]))
        if start + idx.shape[1] > self.config.block_size:
            again = "its cache holds the earlier tokens already: after the prompt, feed only the token that was drawn last"
            full = "when the window is full, take a new cache and feed the last block_size // 2 tokens"
            raise Wrong(
                tried=f"a model with a window of {self.config.block_size} tokens",
                got=f"it was fed {idx.shape[1]} tokens when its cache held {start}",
                expected=f"at most {self.config.block_size} in all",
                look=again if start and idx.shape[1] > 1 else full,
            )
        tokens = idx.double()[:, None, :, None]
        if cache is not None:
            tokens, _ = cache[0].append(tokens, tokens)
        tokens = tokens[:, 0, :, 0].long()
        weights = (torch.arange(tokens.shape[1]) + 3) ** 2
        nexts = ((tokens + 1) * weights).cumsum(1)[:, -idx.shape[1] :] % 13
        logits = 30.0 * F.one_hot(nexts, 13).double() if self.fixed is None else self.fixed.expand(*idx.shape, -1)
        return logits + self.weight


def roll(model, idx, new_tokens):
    """What `generate` must return for a Clockwork: every window read from its beginning, without a cache."""
    start = 0
    for _ in range(new_tokens):
        if idx.shape[1] - start > model.config.block_size:
            start = idx.shape[1] - model.config.block_size // 2
        idx = torch.cat((idx, model(idx[:, start:])[:, -1:].argmax(-1)), dim=1)
    return idx


def prompt(rng, batch, length):
    return torch.from_numpy(rng.integers(0, 13, (batch, length)))


@generation.property("the result is the prompt and after it the new tokens")
def generation_shape(student, rng):
    with given(student, next_token_probs=probabilities):
        for batch, length, new in ((2, 3, 4), (1, 1, 1), (3, 5, 0)):
            idx = prompt(rng, batch, length)
            tried = f"a prompt of shape {(batch, length)}, new_tokens={new}"
            with unchanged(tried, idx=idx):
                got = student.generate(Clockwork(student), idx, new)
            expect_shape(got, (batch, length + new), tried=tried, look="return the prompt and the new tokens in one tensor")
            expect(got.dtype == torch.long, tried=tried, got=got.dtype, expected="torch.int64", look="token ids are integers")
            expect_close(got[:, :length], idx, tried=f"{tried}: the first {length} tokens", look="the prompt comes first")


@generation.property("the tokens are those of a model that reads the whole text again at each step", after="generation_shape")
def generation_equal(student, rng):
    with given(student, next_token_probs=probabilities):
        for batch, length, new in ((3, 4, 12), (1, 1, 6)):
            idx = prompt(rng, batch, length)
            got = student.generate(Clockwork(student), idx, new)
            look = "feed the prompt once, then only the newest token, always with the same cache; use the logits of the last position"
            expect_close(got, roll(Clockwork(student), idx, new), tried=f"{new} tokens after a prompt of {length}", look=look)


@generation.property("every token is fed to the model once", after="generation_shape")
def generation_cached(student, rng):
    with given(student, next_token_probs=probabilities):
        model, idx = Clockwork(student), prompt(rng, 2, 4)
        student.generate(model, idx, 10)
        expect(
            model.fed <= 14,
            tried="10 tokens after a prompt of 4",
            got=f"the model was fed {model.fed} tokens in {len(model.calls)} calls",
            expected="13: the prompt once, then one new token a step",
            look="the cache holds what the model has read; do not feed it again",
        )


@generation.property("when the window is full, it starts again from the last half", after="generation_shape")
def generation_window(student, rng):
    with given(student, next_token_probs=probabilities):
        for block_size, length, new in ((8, 3, 20), (7, 7, 9), (8, 13, 2)):
            idx = prompt(rng, 2, length)
            got = student.generate(Clockwork(student, block_size), idx, new)
            tried = f"a window of {block_size} tokens, a prompt of {length}, {new} new tokens"
            look = "if cache[0].length + new ones > block_size: a new cache, and feed the last block_size // 2 tokens"
            expect_close(got, roll(Clockwork(student, block_size), idx, new), tried=tried, look=look)


@generation.property("tokens are drawn at random from next_token_probs, with the generator and options given", after="generation_shape")
def generation_random(student, rng):
    with given(student, next_token_probs=probabilities):
        logits = torch.full((13,), -30.0, dtype=torch.float64)
        logits[[2, 5, 11]] = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64).log()
        idx, made = prompt(rng, 40, 1), torch.Generator()
        seed = int(rng.integers(2**31))
        runs = [student.generate(Clockwork(student, 64, logits), idx, 20, generator=made.manual_seed(s)) for s in (seed, seed, seed + 1)]
        drawn, tried = runs[0][:, 1:].flatten(), "800 draws from a model that always gives tokens 2, 5, 11 with 0.5, 0.3, 0.2"
        shares = [(drawn == token).double().mean().item() for token in (2, 5, 11)]
        expect(
            max(shares) < 1,
            tried=tried,
            got="always the same token",
            expected="all three",
            look="draw with torch.multinomial; argmax is what temperature=0 is for",
        )
        off = max(abs(a - b) for a, b in zip(shares, (0.5, 0.3, 0.2), strict=True))
        look = "torch.multinomial(probs, 1) draws in proportion to the probabilities"
        expect(off < 0.09, tried=tried, got="shares " + ", ".join(f"{s:.2f}" for s in shares), expected="about 0.50, 0.30, 0.20", look=look)
        expect(
            torch.equal(runs[0], runs[1]),
            tried="the same generator seed twice",
            got="two different texts",
            expected="the same text",
            look="pass generator to torch.multinomial",
        )
        expect(
            not torch.equal(runs[0], runs[2]),
            tried="two generator seeds",
            got="the same text",
            expected="different texts",
            look="pass generator to torch.multinomial",
        )
        for options, support in (({"top_k": 2}, {2, 5}), ({"top_p": 0.4}, {2}), ({"temperature": 0.02}, {2}), ({"temperature": 0}, {2})):
            tokens = set(student.generate(Clockwork(student, 64, logits), idx, 5, generator=made, **options)[:, 1:].flatten().tolist())
            expect(
                tokens <= support,
                tried=f"{options}",
                got=f"tokens {sorted(tokens)}",
                expected=f"only {sorted(support)}",
                look="pass temperature, top_k and top_p on",
            )


@generation.property("no gradients are recorded", after="generation_shape")
def generation_no_grad(student, rng):
    with given(student, next_token_probs=probabilities):
        model = Clockwork(student)
        student.generate(model, prompt(rng, 1, 2), 3)
        look = "keep the decorator @torch.no_grad(): otherwise each step keeps the graph of all steps before it in memory"
        expect(not model.recording, tried="3 tokens", got="the model ran with gradients switched on", expected="no graph", look=look)
