# %% [markdown]
# # GPT-2 from scratch
#
# GPT-2 is four ideas that you have met, stacked twelve times: attention that looks only backwards, a two-layer network, LayerNorm,
# and a sum that carries everything along. In this lab you write all of it, down to the exact 124,439,808 parameters of the
# published model, and put transformers' weights into it so that both give the same logits. Then you train a small sibling on
# *Moby-Dick*, byte by byte, and let it write. The question on the way: why does writing one more word not require reading the whole
# text again, and how much time does that save?

# %% [markdown]
# ## You will learn
#
# - to write causal self-attention with a fused projection and a key-value cache whose mask stays right when several tokens arrive
#   at once
# - to assemble the pre-norm block and the whole model, and to initialize it so that depth does no harm
# - to read a checkpoint that someone else wrote: its names, its transposed matrices, its surprises
# - to turn logits into text with temperature, top-k and top-p, and to say exactly which tokens each of them leaves
# - to tell whether a small language model has learned anything: against chance, and against counting pairs
#
# ## You need
#
# `attn-scaled-dot-product`: you have built attention and its mask yourself there, so here you may call PyTorch's
# `F.scaled_dot_product_attention`. You should be at ease with `nn.Module`, cross-entropy and a PyTorch training loop.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import json
import math
import statistics
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

import scratchlab
from scratchlab import plot

lab = scratchlab.start("lm-gpt2", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## The text, and the score to beat
#
# The model will read bytes. UTF-8 turns any text into numbers below 256, so the vocabulary is 256 and there is no tokenizer to
# learn (GPT-2 itself uses 50,257 byte-pair tokens; nothing below depends on which). The last tenth of the book is held out: the
# model never trains on these chapters.


# %%
def read_parts(name: str) -> list[bytes]:
    """The text `name` in order, in its natural parts: the chapters of the novel, or the speeches of the plays."""
    if name == "moby-dick":
        files = lab.data(name).glob("package/data/chapter_*.json")
        chapters = sorted((json.loads(file.read_text(encoding="utf-8")) for file in files), key=lambda each: int(each["chapter"]))
        return [f"{each['title']}\n\n{each['text']}\n\n".encode() for each in chapters]
    return [part + b"\n\n" for part in lab.data(name).read_bytes().split(b"\n\n")]


def as_tensor(parts: list[bytes]) -> Tensor:
    """The parts joined, as a tensor of byte values, shape (number of bytes,), on the lab's device."""
    return torch.frombuffer(bytearray(b"".join(parts)), dtype=torch.uint8).long().to(lab.device)


def as_text(ids: Tensor) -> str:
    """Byte values as text; a byte sequence that is not valid UTF-8 shows as a replacement character."""
    return bytes(ids.tolist()).decode("utf-8", errors="replace")


def windows(data: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Inputs and targets, both (n, length): `data` cut into windows without overlap, and for each byte the one that follows."""
    n = (len(data) - 1) // length
    return data[: n * length].view(n, length), data[1 : n * length + 1].view(n, length)


# %%
parts = read_parts(lab.params["text"])
held_out = len(parts) // 10
train_data, validation_data = as_tensor(parts[:-held_out]), as_tensor(parts[-held_out:])
print(f"{len(train_data):,} bytes to learn from, {len(validation_data):,} held out. They begin:\n")
print(as_text(validation_data[:400]))

# %% [markdown]
# Before you build anything large, know what something small can do. A **bigram** model predicts the next byte from the current one
# alone, by counting pairs. We measure it as we will measure GPT: by the mean negative log probability of the held-out bytes,
#
# $$\mathcal L = -\frac1N\sum_{t=1}^{N} \ln p(x_t \mid x_{<t}) \quad\text{in nats per byte.}$$
#
# Knowing nothing, $p = 1/256$ everywhere, costs $\ln 256 \approx 5.545$ nats. **Predict**: how far down does counting pairs get?


# %%
def bigram_table(data: Tensor, smoothing: float = 0.1) -> Tensor:
    """P(next byte | byte), shape (256, 256), from pair counts with `smoothing` added, so that no pair is impossible."""
    pairs = torch.bincount(data[:-1] * 256 + data[1:], minlength=256 * 256).view(256, 256) + smoothing
    return pairs / pairs.sum(dim=1, keepdim=True)


def bigram_text(table: Tensor, length: int, seed: int = 0) -> str:
    """Text of `length` bytes drawn from the table, each byte from the row of the one before it."""
    generator, byte, drawn = torch.Generator(table.device).manual_seed(seed), torch.tensor([ord("T")], device=table.device), []
    for _ in range(length):
        byte = torch.multinomial(table[byte[0]], 1, generator=generator)
        drawn.append(byte)
    return as_text(torch.cat(drawn))


# %%
table = bigram_table(train_data)
inputs, targets = windows(validation_data, lab.params["block_size"])
bigram_loss = -table[inputs, targets].log().mean().item()
record("bigram_loss", bigram_loss)
print(bigram_text(table, 160))

# %% [markdown]
# That is the bar: a model that is worth its matrix products must get well below it. Read the sample too. Pairs alone give the
# letters and spaces of English in about the right proportions, and no words.
#
# ## 1. Causal self-attention with a memory
#
# The sizes of a GPT fit in five numbers. The defaults are GPT-2 small.


# %%
@dataclass(frozen=True)
class GPTConfig:
    """The sizes of a GPT."""

    vocab_size: int = 50257  # V, number of token ids
    block_size: int = 1024  # longest text the model can read, in tokens: there are that many position embeddings
    n_layer: int = 12  # L, number of blocks
    n_head: int = 12  # H, attention heads in each block; C / H is the head size
    n_embd: int = 768  # C, width of the residual stream


# %% [markdown]
# For an input $X \in \mathbb R^{T\times C}$, one **fused** projection $[Q\;K\;V] = XW_{\text{attn}} + b$ replaces three: one large
# matrix product keeps the hardware busier than three small ones. Each of $Q, K, V$ is cut into $H$ heads of size $d = C/H$, and
# each head computes
#
# $$
# Y = \operatorname{softmax}\!\Big(\frac{QK^\top}{\sqrt d} + M\Big)V, \qquad
# M_{ij} = \begin{cases}0 & j \le i\\ -\infty & j > i.\end{cases}
# $$
#
# The heads are put side by side again and pass through a second projection, `c_proj`.
#
# When the model writes, the text grows by one token at a time. The mask means that a token's keys and values depend on nothing that
# comes later, so those computed once stay right for ever. Store them, and each step has to project only the *new* token. That store
# is the **KV cache**. Here is one layer's share of it, complete; read how `append` hands back everything it has seen.


# %%
class LayerCache:
    """The keys and values that one attention layer has computed so far, for at most `room` tokens.

    `length` is the number of tokens in it. The memory is allocated at the first `append`, for the batch, heads, device and number
    format that come.
    """

    def __init__(self, room: int):
        self.room, self.length = room, 0

    def append(self, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Store the keys and values of new tokens, (batch, heads, new, head size); return those of all tokens so far, in order."""
        if self.length == 0:
            batch, heads, _, size = k.shape
            self.keys, self.values = k.new_empty(batch, heads, self.room, size), v.new_empty(batch, heads, self.room, size)
        start, self.length = self.length, self.length + k.shape[2]
        self.keys[:, :, start : self.length] = k
        self.values[:, :, start : self.length] = v
        return self.keys[:, :, : self.length], self.values[:, :, : self.length]


def new_cache(config: GPTConfig) -> list[LayerCache]:
    """An empty cache for a whole model: one LayerCache for each block."""
    return [LayerCache(config.block_size) for _ in range(config.n_layer)]


# %% [markdown]
# With a cache, $T$ new queries meet $S \ge T$ keys, and query $i$ stands at position $S - T + i$. So it may see the keys
# $j \le S - T + i$: the triangle of the mask must end in the *bottom right* corner.
#
# **Predict**: five tokens are in the cache and three new ones arrive together. Which keys may the first of the three see? And what
# would `is_causal=True`, which hangs its triangle in the top left corner, let it see?
#
# Write the layer. (A single pass over a whole text is the case $S = T$: there `is_causal=True` is right, and fast.)


# %% solution="attention"
class CausalSelfAttention(nn.Module):
    """Multi-head self-attention in which no token sees a later one.

    Layers: `c_attn`, C -> 3C, all queries, then all keys, then all values; and `c_proj`, C -> C. Both have biases.
    Define forward(self, x, cache=None): x (batch, new, C) -> (batch, new, C). With a LayerCache, x holds only the new tokens: append their
    keys and values to it, and let each token see everything in the cache up to itself.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        ### BEGIN SOLUTION
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> Tensor:
        """(batch, new, C) -> (batch, new, C)."""
        batch, new, width = x.shape
        q, k, v = self.c_attn(x).view(batch, new, 3, self.n_head, -1).permute(2, 0, 3, 1, 4)
        if cache is not None:
            k, v = cache.append(k, v)
        total = k.shape[2]
        whole = total == new  # nothing came before: the mask is a square triangle
        mask = None if whole or new == 1 else torch.ones(new, total, dtype=torch.bool, device=x.device).tril(total - new)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=whole)
        return self.c_proj(y.transpose(1, 2).reshape(batch, new, width))
        ### END SOLUTION


# %%
layer = CausalSelfAttention(GPTConfig(n_head=2, n_embd=8))
some = torch.randn(3, 6, 8)
assert layer(some).shape == (3, 6, 8)
memory = LayerCache(room=6)
assert torch.allclose(torch.cat([layer(some[:, :4], memory), layer(some[:, 4:], memory)], dim=1), layer(some), atol=1e-6)

# %% check="attention" points=2
check("attention")


# %% [markdown]
# See it: nudge one input at a time and watch which outputs move. The first five tokens go in together, the last three together with
# the cache of the first five.


# %%
@torch.no_grad()
def influence(layer: nn.Module, x: Tensor, sizes: list[int]) -> Tensor:
    """How far output i moves when input j is nudged, shape (T, T); x (1, T, C) is given in pieces of these sizes, with a cache."""

    def run(inputs: Tensor) -> Tensor:
        memory = LayerCache(room=inputs.shape[1])
        return torch.cat([layer(piece, memory) for piece in inputs.split(sizes, dim=1)], dim=1)[0]

    moved = torch.zeros(x.shape[1], x.shape[1])
    for j in range(x.shape[1]):
        nudged = x.clone()
        nudged[:, j] += 1
        moved[:, j] = (run(nudged) - run(x)).norm(dim=-1)
    return moved


# %%
plot.heatmap(
    influence(layer, torch.randn(1, 8, 8), [5, 3]),
    rows=range(8),
    columns=range(8),
    x="nudged input",
    y="output",
    numbers=False,
    caption="How far each output moves when one input is nudged: 5 tokens, then 3 more with a cache.",
    alt="Heat map of 8 outputs by 8 inputs. The upper right triangle is empty: no output depends on a later input.",
)

# %% [markdown]
# The upper right triangle is empty, and there is no seam between rows 4 and 5: with the cache, the picture is that of one pass. Row
# 5, the first of the three late tokens, sees inputs 0 to 5; a triangle in the top left corner would have left it input 0 alone.
#
# ## 2. The block
#
# GPT-2 normalizes what a branch *reads* and leaves the sum alone (pre-norm; the transformer of 2017 normalized the sum):
#
# $$
# x \leftarrow x + \operatorname{Attn}(\operatorname{LN}_1(x)), \qquad
# x \leftarrow x + W_{\text{proj}}\operatorname{GELU}\big(W_{\text{fc}}\operatorname{LN}_2(x) + b_{\text{fc}}\big) + b_{\text{proj}}.
# $$
#
# The hidden layer is four times as wide. What runs straight through all blocks, the **residual stream**, is only ever added to, so
# the gradient has a straight way back. (GPT-2 was trained with dropout too. It is off when the weights are used, and our training
# is too short to need it, so you leave it out.) GELU is $x\,\Phi(x)$ with the normal distribution function $\Phi$; GPT-2 was
# trained with an approximation that was faster at the time, and whoever loads its weights should use the same one:
#
# $$\operatorname{GELU}(x) \approx \tfrac12 x\Big(1 + \tanh\big(\sqrt{2/\pi}\,(x + 0.044715\,x^3)\big)\Big).$$
#
# **Predict**: how large is the error of that approximation at its worst? 0.1, 0.001, or 0.00001?
#
# The MLP may be an `nn.Sequential` over an `OrderedDict`, which lets you name its layers.


# %% solution="block"
class Block(nn.Module):
    """One pre-norm transformer block.

    Layers: `ln_1`, `attn`, `ln_2`, and `mlp` with `c_fc` (C -> 4C), the tanh GELU, and `c_proj` (4C -> C).
    Define forward(self, x, cache=None): x (batch, new, C) -> (batch, new, C); `cache` is the attention layer's LayerCache.
    """

    def __init__(self, config: GPTConfig):
        super().__init__()
        ### BEGIN SOLUTION
        width = config.n_embd
        self.ln_1 = nn.LayerNorm(width)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = nn.LayerNorm(width)
        self.mlp = nn.Sequential(
            OrderedDict(
                c_fc=nn.Linear(width, 4 * width),
                gelu=nn.GELU(approximate="tanh"),
                c_proj=nn.Linear(4 * width, width),
            )
        )

    def forward(self, x: Tensor, cache: LayerCache | None = None) -> Tensor:
        """(batch, new, C) -> (batch, new, C)."""
        x = x + self.attn(self.ln_1(x), cache)
        return x + self.mlp(self.ln_2(x))
        ### END SOLUTION


# %%
block = Block(GPTConfig(n_head=2, n_embd=8))
assert block(some).shape == some.shape
assert sum(p.numel() for p in Block(GPTConfig()).parameters()) == 12 * 768**2 + 13 * 768

# %% check="block" points=1
check("block")

# %%
x = torch.linspace(-5, 5, 401, dtype=torch.float64)
gelu_gap = F.gelu(x, approximate="tanh") - F.gelu(x)
plot.lines(
    {"tanh minus exact": gelu_gap},
    xs=x,
    x="x",
    y="difference",
    height=2.4,
    caption="What the tanh approximation of GELU adds to the exact one.",
    alt="A symmetric curve: two bumps of a few ten-thousandths near plus and minus 2.7, two smaller dips nearer to zero, zero elsewhere.",
)
claim("the two GELUs differ by less than 0.001 everywhere", gelu_gap.abs().max() < 1e-3)

# %% [markdown]
# No reader would notice a few ten-thousandths. A comparison of logits does: with the wrong GELU, the parity test in section 4
# fails.
#
# ## 3. The whole model
#
# A token id picks a row of $W_E \in \mathbb R^{V\times C}$ (`wte`), its position a row of `wpe`; their sum starts the residual
# stream. After the blocks comes one more LayerNorm, `ln_f`, and the logits are inner products with the token embeddings again:
#
# $$x^{(0)}_t = W_E[\text{id}_t] + W_P[t], \qquad \text{logits}_t = \operatorname{LN}_f\big(x^{(L)}_t\big)\,W_E^\top.$$
#
# Using $W_E$ twice is called **weight tying**. There is no second matrix: call `F.linear(..., self.wte.weight)`. With a cache,
# positions do not start at 0: the first new token stands at `cache[0].length`.
#
# **Initialization.** Every matrix, embeddings included, is drawn from $\mathcal N(0, 0.02^2)$, biases are 0 and LayerNorm gains 1.
# One exception: the $2L$ matrices that *write* to the residual stream, each block's `attn.c_proj` and `mlp.c_proj`, get the
# standard deviation $0.02/\sqrt{2L}$. Section 8 shows what that is good for.
#
# **Predict**: which share of GPT-2 small's 124 million parameters sits in the token embeddings? And how many more would it have
# without tying?


# %% solution="gpt"
class GPT(nn.Module):
    """GPT-2. Layers: `wte`, `wpe` (nn.Embedding), `h` (nn.ModuleList of blocks), `ln_f`; the output layer is `wte` again.

    A new model is initialized as above; with scale_residual=False the `c_proj` weights get 0.02 like all others.
    Define forward(self, idx, cache=None): token ids (batch, new) -> logits (batch, new, V). With a cache (see `new_cache`), idx
    holds only the new tokens.
    """

    def __init__(self, config: GPTConfig, scale_residual: bool = True):
        super().__init__()
        self.config = config
        ### BEGIN SOLUTION
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = nn.LayerNorm(config.n_embd)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                writes = scale_residual and name.endswith("c_proj.weight")
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.n_layer) if writes else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, idx: Tensor, cache: list[LayerCache] | None = None) -> Tensor:
        """(batch, new) -> (batch, new, V)."""
        start = cache[0].length if cache else 0
        x = self.wte(idx) + self.wpe(torch.arange(start, start + idx.shape[1], device=idx.device))
        for number, block in enumerate(self.h):
            x = block(x, cache[number] if cache else None)
        return F.linear(self.ln_f(x), self.wte.weight)
        ### END SOLUTION


# %%
TINY = GPTConfig(vocab_size=11, block_size=16, n_layer=2, n_head=2, n_embd=8)
assert GPT(TINY)(torch.tensor([[1, 2, 3]])).shape == (1, 3, 11)
assert len(list(GPT(TINY).parameters())) == 2 + 2 * 12 + 2

# %% check="gpt" points=3
check("gpt")

# %% [markdown]
# See it: the real size, without the memory for it. On the *meta* device tensors have shapes and no content.

# %%
with torch.device("meta"):
    small = GPT(GPTConfig())
count = sum(p.numel() for p in small.parameters())
for part in ("wte", "wpe", "h", "ln_f"):
    share = sum(p.numel() for p in getattr(small, part).parameters())
    print(f"{part:>5} {share:12,}  {share / count:6.1%}")
print(f"total {count:12,}")
record("gpt2_small_parameters", count)

# %% [markdown]
# By hand: $VC + nC + L\,(12C^2 + 13C) + 2C$ with a window of $n$ tokens. Of the $12C^2$ in a block, 4 are attention's and 8 the
# MLP's. Almost a third of the model is the embedding table, and without tying it would be there twice.
#
# ## 4. Somebody else's weights
#
# A model is its code and its weights; now you make your code fit weights that others trained. A checkpoint is a dictionary from
# names to tensors. transformers' `GPT2LMHeadModel` calls a tensor `transformer.h.0.attn.c_attn.weight` where you have
# `h.0.attn.c_attn.weight`. Four more facts decide whether the logits agree:
#
# - OpenAI's code, and transformers after it, computes `x @ W + b` in a layer called **Conv1D**: the weights of `c_attn`, `c_fc` and
#   both `c_proj` have the shape (inputs, outputs). `nn.Linear` holds (outputs, inputs).
# - `lm_head.weight` is `wte.weight` once more; you have no such layer.
# - The file on the hub has names *without* the prefix `transformer.`.
# - Old files hold causal masks beside the weights, under names that end in `.attn.bias` and `.attn.masked_bias`. They are no
#   parameters. (`attn.c_attn.bias` is one!)
#
# A checkpoint that does not fit (a tensor missing, or one too many) must raise an error; `load_state_dict` does that by itself.
#
# **Predict**: if you forget all four transpositions, which of the four layers will *not* complain about its shape?


# %%
CONV1D = ("c_attn.weight", "c_proj.weight", "c_fc.weight")  # ends of the names that need transposing
SKIPPED = (".attn.bias", ".attn.masked_bias", "lm_head.weight")  # ends of the names that you have no parameter for


# %% solution="load"
def load_gpt2(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Copy the weights of a GPT-2 checkpoint in transformers' layout into `model`, in place; `state` is left as it is.

    Raises an error if the checkpoint lacks a parameter of the model or has one that the model does not know.
    """
    ### BEGIN SOLUTION
    names = {name: name.removeprefix("transformer.") for name in state if not name.endswith(SKIPPED)}
    model.load_state_dict({own: state[name].T if own.endswith(CONV1D) else state[name] for name, own in names.items()})
    ### END SOLUTION


# %%
source = {f"transformer.{name}": p.detach().T if name.endswith(CONV1D) else p.detach() for name, p in GPT(TINY).named_parameters()}
copy = GPT(TINY)
load_gpt2(copy, source)
assert torch.equal(copy.h[1].attn.c_proj.weight, source["transformer.h.1.attn.c_proj.weight"].T)

# %% check="load" points=1
check("load")

# %% [markdown]
# See it: a `GPT2LMHeadModel` with random weights in every place, biases and gains too, against yours. In float64 rounding is so
# small that any difference of *ideas* stands out.

# %%
from transformers import GPT2Config, GPT2LMHeadModel


def config_of(theirs: GPT2Config) -> GPTConfig:
    """Our configuration for theirs."""
    return GPTConfig(theirs.vocab_size, theirs.n_positions, theirs.n_layer, theirs.n_head, theirs.n_embd)


def random_peer(seed: int = 0) -> GPT2LMHeadModel:
    """A small GPT-2 of transformers in float64, on the CPU, with random numbers in all its parameters."""
    torch.manual_seed(seed)
    sizes = {"vocab_size": 97, "n_positions": 64, "n_layer": 3, "n_head": 4, "n_embd": 32}
    peer = GPT2LMHeadModel(GPT2Config(**sizes, bos_token_id=None, eos_token_id=None)).double().eval()
    with torch.no_grad():
        for parameter in peer.parameters():
            parameter.add_(0.2 * torch.randn_like(parameter))
    return peer


# %%
peer = random_peer()
mine = GPT(config_of(peer.config)).double()
load_gpt2(mine, peer.state_dict())
ids = torch.randint(97, (3, 64))
with torch.no_grad():
    parity_error = (mine(ids) - peer(ids).logits).abs().max().item()
record("parity_error", parity_error)
claim("your logits and transformers' agree within 1e-9 in float64", parity_error < 1e-9)

# %% [markdown]
# The logits here are numbers of ordinary size; the recorded difference is rounding. You have GPT-2. (And the layer that would not
# have complained is `attn.c_proj`: it is square.)
#
# ## 5. From logits to a choice
#
# The model gives a distribution over the next token; a text needs one token. Always taking the most probable one makes dull,
# circling text, and drawing from the full distribution lets in, sooner or later, one of the thousands of improbable tokens. Three
# adjustments stand between, applied in this order:
#
# 1. **Temperature** $\tau$: $p_i \propto \exp(z_i/\tau)$. Below 1 it sharpens, above 1 it flattens. The limit $\tau \to 0$ is the
#    most probable token alone.
# 2. **Top-k**: keep the $k$ most probable tokens, renormalize.
# 3. **Top-p** (nucleus): of what is left, keep the *smallest* set of most probable tokens whose probabilities sum to at least $p$,
#    renormalize. The token that crosses the line belongs to the set, so there is always at least one.
#
# **Predict**, for the probabilities 0.4, 0.3, 0.2, 0.1: which tokens does top-p leave for $p = 0.65$? And which if top-k with
# $k = 3$ comes first, for $p = 0.75$?


# %% solution="sampling"
def next_token_probs(logits: Tensor, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None) -> Tensor:
    """Probabilities from which the next token is drawn, shape (batch, V) like the logits, in their dtype.

    temperature 0 means all probability on the largest logit. A `top_k` larger than V keeps everything.
    """
    ### BEGIN SOLUTION
    vocabulary = logits.shape[-1]
    if temperature == 0:
        return F.one_hot(logits.argmax(dim=-1), vocabulary).to(logits.dtype)
    logits = logits / temperature
    if top_k is not None:
        least = logits.topk(min(top_k, vocabulary)).values[..., -1:]
        logits = logits.masked_fill(logits < least, -torch.inf)
    if top_p is not None:
        probs, order = logits.softmax(dim=-1).sort(dim=-1, descending=True)
        before = probs.cumsum(dim=-1) - probs  # probability of the tokens that are ranked higher
        dropped = torch.zeros_like(logits, dtype=torch.bool).scatter(-1, order, before >= top_p)
        logits = logits.masked_fill(dropped, -torch.inf)
    return logits.softmax(dim=-1)
    ### END SOLUTION


# %%
four = torch.tensor([[0.4, 0.3, 0.2, 0.1]]).log()
assert torch.allclose(next_token_probs(four, top_k=2), torch.tensor([[4 / 7, 3 / 7, 0, 0]]))
assert torch.allclose(next_token_probs(four, top_p=0.65), torch.tensor([[4 / 7, 3 / 7, 0, 0]]))
assert next_token_probs(four, temperature=0).tolist() == [[1, 0, 0, 0]]

# %% check="sampling" points=2
check("sampling")

# %% [markdown]
# See it on real numbers: what follows the letter t in the training text, by the bigram table, under five settings.

# %%
after_t = table[ord("t")].log()[None].cpu()
likely = after_t[0].topk(8).indices
SETTINGS = {
    "as it is": {},
    "temperature 0.5": {"temperature": 0.5},
    "temperature 2": {"temperature": 2.0},
    "top-k 3": {"top_k": 3},
    "top-p 0.7": {"top_p": 0.7},
}
plot.heatmap(
    torch.stack([next_token_probs(after_t, **options)[0, likely] for options in SETTINGS.values()]),
    rows=list(SETTINGS),
    columns=[repr(chr(byte)) for byte in likely.tolist()],
    x="next byte",
    numbers=True,
    width=6.4,
    height=3.2,
    caption="Probability of the eight most likely bytes after t, under five settings.",
    alt="Table of five settings by eight bytes. Low temperature and both cuts move probability to h and the space; temperature 2 spreads it.",
)

# %% [markdown]
# Look at the two cuts: the zeros to the right of the last survivor are exact, and what was taken went to the survivors in
# proportion. Top-k always leaves the same number; top-p leaves few tokens where the model is sure and many where it is not. In the
# four-token example, $p = 0.65$ leaves two tokens. With $k = 3$ first, the masses are 0.444, 0.333, 0.222, and $p = 0.75$ leaves
# two as well; without top-k it would have left three.
#
# ## 6. Writing with the cache
#
# Now the loop: read the prompt, draw a token, read only *that* token, draw the next. One thing ends the comfort: there are
# `block_size` position embeddings and not one more. When the window is full, the stored keys and values belong to positions that
# cannot move, so the honest way out is to start again: a new cache, and the model reads the last `block_size // 2` tokens as a
# fresh text. The cost of that reading is shared by the many steps until the window is full again.
#
# **Predict**: for 100 tokens after a prompt of 20, how many tokens does the model read in all? And without a cache?


# %% solution="generation"
@torch.no_grad()
def generate(
    model: nn.Module,
    idx: Tensor,
    new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Continue the token ids `idx`, (batch, T), by `new_tokens` drawn tokens: (batch, T + new_tokens).

    Reads each token once, with a cache. When the next tokens would not fit into the window (model.config.block_size), it goes on
    with a new cache and the last block_size // 2 tokens; a prompt longer than the window is cut in the same way.
    """
    ### BEGIN SOLUTION
    window, cache, fed = model.config.block_size, new_cache(model.config), idx
    for _ in range(new_tokens):
        if cache[0].length + fed.shape[1] > window:
            cache, fed = new_cache(model.config), idx[:, -(window // 2) :]
        probs = next_token_probs(model(fed, cache)[:, -1], temperature, top_k, top_p)
        fed = torch.multinomial(probs, 1, generator=generator)
        idx = torch.cat((idx, fed), dim=1)
    return idx
    ### END SOLUTION


# %%
start = torch.tensor([[1, 2, 3]])
assert generate(GPT(TINY), start, 40).shape == (1, 43)
assert torch.equal(generate(GPT(TINY), start, 5)[:, :3], start)

# %% check="generation" points=1
check("generation")

# %% [markdown]
# See it: the same greedy text with and without the cache, then the clock. `decode_seconds` measures what one more token costs when
# the text has reached a given length.


# %%
@torch.no_grad()
def reread(model: nn.Module, idx: Tensor, new_tokens: int) -> Tensor:
    """Greedy continuation that reads the whole text again for each token."""
    for _ in range(new_tokens):
        idx = torch.cat((idx, model(idx)[:, -1:].argmax(dim=-1)), dim=1)
    return idx


prompt_ids = torch.randint(97, (2, 8))
same = torch.equal(generate(mine, prompt_ids, 56, temperature=0), reread(mine, prompt_ids, 56))
claim("greedy decoding with the cache gives the tokens of re-reading everything", same)


# %%
def clock() -> float:
    """Seconds now; on a GPU, once everything that was sent there is done."""
    if lab.device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


@torch.no_grad()
def decode_seconds(model: nn.Module, idx: Tensor, cached: bool, steps: int = 4) -> float:
    """Seconds for one decoding step, averaged over the last `steps` tokens of idx, (batch, T); reading what precedes is not timed."""
    cache, context = new_cache(model.config), idx.shape[1]
    if cached:
        model(idx[:, : context - steps], cache)
    began = clock()
    for end in range(context - steps + 1, context + 1):
        model(idx[:, end - 1 : end], cache) if cached else model(idx[:, :end])
    return (clock() - began) / steps


# %%
def decode_rates(model: nn.Module, context: int, batch: int, rounds: int = 5) -> tuple[float, float, float]:
    """Tokens per second with and without the cache (medians of alternating rounds), and the median ratio."""
    idx = torch.randint(model.config.vocab_size, (batch, context), device=lab.device)
    pairs = [(decode_seconds(model, idx, True), decode_seconds(model, idx, False)) for _ in range(rounds + 1)][1:]  # the first one warms up
    with_cache, without = (batch / statistics.median(times) for times in zip(*pairs, strict=True))
    return with_cache, without, statistics.median(slow / fast for fast, slow in pairs)


# %%
longest, timing_width = lab.params["longest_context"], lab.params["timing_width"]
timing_model = GPT(GPTConfig(256, longest, lab.params["timing_layers"], timing_width // 64, timing_width)).to(lab.device)
contexts = [longest // 16, longest // 4, longest]
with torch.autocast(lab.device, getattr(torch, lab.dtype), enabled=lab.dtype != "float32"):
    rates = [decode_rates(timing_model, context, lab.params["timing_batch"]) for context in contexts]
record("cache_speedup", rates[-1][2])

# %%
plot.lines(
    {"with the cache": [rate[0] for rate in rates], "reading everything again": [rate[1] for rate in rates]},
    xs=contexts,
    x="context (tokens)",
    y="tokens per second",
    log_x=True,
    log_y=True,
    caption="Decoding speed as the text grows, with and without a KV cache.",
    alt="Two curves on logarithmic axes: with the cache speed falls gently as the context grows, without it steeply.",
)

# %% [markdown]
# For 100 tokens after a prompt of 20 the cached model reads 20 + 99 = 119 tokens (nobody needs the logits after the last one), the
# one without a cache 20 + 21 + ... + 119 = 6,950. The step without the cache reads every token for every token; with it, only the attention
# itself still grows with the context. The price is memory: $2\,L\,C$ numbers for each token and sequence.
#
# ## 7. Train it on Moby-Dick
#
# Nothing in this section is graded: run it and read the code, all of it is standard practice. The optimizer is AdamW, with weight
# decay on the matrices only. The learning rate warms up and then follows half a cosine down. Gradients are clipped to norm 1. On a
# GPU the forward pass runs in half precision (`autocast`); float16 on a T4 needs a `GradScaler` so that small gradients do not
# vanish, bfloat16 does not.
#
# `fast_math` is about one CPU core: it lets float32 matrix products take oneDNN's faster kernels, and picks attention as two plain
# matrix products, since tiles as small as 64 tokens give the tiled kernel nothing to gain.


# %%
@contextmanager
def fast_math() -> Iterator[None]:
    """Faster kernels for training: float32 products at 'medium' precision and, on a CPU, attention without tiles."""
    before = torch.get_float32_matmul_precision()
    kernels = [SDPBackend.MATH] if lab.device == "cpu" else [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]
    torch.set_float32_matmul_precision("medium")
    try:
        with sdpa_kernel(kernels), torch.autocast(lab.device, getattr(torch, lab.dtype), enabled=lab.dtype != "float32"):
            yield
    finally:
        torch.set_float32_matmul_precision(before)


def make_optimizer(model: nn.Module, lr: float) -> torch.optim.AdamW:
    """AdamW with weight decay 0.1 on matrices and none on biases and LayerNorm gains."""
    matrices = [p for p in model.parameters() if p.dim() >= 2]
    vectors = [p for p in model.parameters() if p.dim() < 2]
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.99), fused=True)


def schedule(step: int, steps: int) -> float:
    """Factor of the learning rate: up in a straight line for a tenth of the steps, then half a cosine down to 0.05."""
    warmup = max(1, steps // 10)
    if step < warmup:
        return (step + 1) / warmup
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / (steps - warmup)))


# %%
def loss_of(model: nn.Module, inputs: Tensor, targets: Tensor) -> Tensor:
    """Mean cross-entropy in nats per token; inputs and targets (batch, T)."""
    return F.cross_entropy(model(inputs).flatten(0, 1), targets.flatten())


def draw_batch(data: Tensor, batch: int, length: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Inputs and targets, both (batch, length), from random places of `data`: the targets are one token further on."""
    starts = torch.randint(len(data) - length, (batch, 1), generator=generator).to(data.device)
    pieces = data[starts + torch.arange(length + 1, device=data.device)]
    return pieces[:, :-1], pieces[:, 1:]


@torch.no_grad()
def evaluate(model: nn.Module, data: Tensor, most: int = 10**9) -> float:
    """Mean loss (nats per token) over all windows of `data`, or over `most` of them, evenly spread."""
    inputs, targets = windows(data, model.config.block_size)
    chosen = torch.linspace(0, len(inputs) - 1, min(most, len(inputs)), device=data.device).long()
    with fast_math():
        losses = [loss_of(model, inputs[part], targets[part]) * len(part) for part in chosen.split(64)]
    return torch.stack(losses).sum().item() / len(chosen)


# %%
def train(
    model: nn.Module, data: Tensor, steps: int, batch: int, lr: float, seed: int, watch: Callable[[int], None] = lambda step: None
) -> list[float]:
    """Train `model` in place on random windows of `data`; returns the loss of each step (nats per token).

    `watch(step)` is called ten times on the way. Options of the profile: compile.
    """
    optimizer, generator = make_optimizer(model, lr), torch.Generator().manual_seed(seed)
    scaler = torch.amp.GradScaler(lab.device, enabled=lab.dtype == "float16")
    forward = torch.compile(model) if lab.params["compile"] else model
    losses = []
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = lr * schedule(step, steps)
        inputs, targets = draw_batch(data, batch, model.config.block_size, generator)
        with fast_math():
            loss = loss_of(forward, inputs, targets)
            scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        scaler.step(optimizer)
        scaler.update()
        optimizer.zero_grad()
        losses.append(loss.detach())  # .item() here would make a GPU wait at each step
        if (step + 1) % max(1, steps // 10) == 0:
            watch(step + 1)
    return torch.stack(losses).tolist()


# %% [markdown]
# **Predict** the loss of the untrained model, to two digits, before you run the next cell.

# %%
torch.manual_seed(lab.seed)
config = GPTConfig(256, *(lab.params[name] for name in ("block_size", "n_layer", "n_head", "n_embd")))
model = GPT(config).to(lab.device)
initial_loss = evaluate(model, validation_data, most=100)
record("initial_loss", initial_loss)
print(f"{sum(p.numel() for p in model.parameters()):,} parameters; ln 256 = {math.log(256):.3f}")

# %% [markdown]
# Close to $\ln 256$: small weights make small logits, so an untrained model should know nothing and *know* that it knows nothing. A
# first loss far above is a sure sign of a mistake in the initialization (try PyTorch's own embeddings, of standard deviation 1).
# Now train.

# %%
curve, marks = {0: initial_loss}, []


def watch(step: int) -> None:
    """Evaluate on the held-out text and note the time before and after."""
    before = clock()
    curve[step] = evaluate(model, validation_data, most=60)
    marks.append((step, before, clock()))


losses = train(model, train_data, lab.params["steps"], lab.params["batch"], lab.params["lr"], seed=lab.seed, watch=watch)
val_loss = evaluate(model, validation_data)
record("val_loss", val_loss)
record("bits_per_byte", val_loss / math.log(2))
claim("the GPT beats the bigram model by at least 0.3 nats per byte", val_loss < bigram_loss - 0.3)
steps_per_second = statistics.median((b[0] - a[0]) / (b[1] - a[2]) for a, b in pairwise(marks))
tokens_per_second = steps_per_second * lab.params["batch"] * config.block_size
print(f"{tokens_per_second:,.0f} tokens per second in training")

# %%
smooth = torch.tensor(losses).unfold(0, max(1, len(losses) // 35), 1).mean(dim=1).tolist()
ends = [len(losses) - len(smooth) + 1, len(losses)]
plot.lines(
    {
        "training (running mean)": (range(ends[0], ends[1] + 1), smooth),
        "held-out chapters": (list(curve), list(curve.values())),
        "bigram model, held-out chapters": ([0, ends[1]], [bigram_loss] * 2),
        "ln 256": ([0, ends[1]], [math.log(256)] * 2),
    },
    x="step",
    y="nats per byte",
    caption="Loss while the model trains, between chance (top) and, soon, below the bigram model.",
    alt="Training and held-out loss fall together from ln 256, flatten near the bigram model's loss, and then sink below it.",
)

# %% [markdown]
# Look for the shelf on the way down: the model first finds out how often each byte occurs, then which pairs go together, and only
# when attention begins to carry information from further back does it leave the bigram line behind. Read what it writes, greedy
# first.


# %%
def write(model: nn.Module, prompt: str, new_tokens: int, seed: int = 0, **options: float) -> str:
    """The prompt and `new_tokens` bytes that the model adds to it; options as in `generate`."""
    idx = torch.tensor([list(prompt.encode())], device=lab.device)
    return as_text(generate(model, idx, new_tokens, generator=torch.Generator(lab.device).manual_seed(seed), **options)[0])


print("Greedy:\n" + write(model, "The whale ", 120, temperature=0))
print("\nTemperature 0.8, top-p 0.95:\n" + write(model, "The whale ", 360, temperature=0.8, top_p=0.95))
print("\nTemperature 1.5:\n" + write(model, "The whale ", 120, temperature=1.5))

# %% [markdown]
# Greedy text goes round in circles; at a high temperature spelling dissolves; in between there are words, many of them English, and
# the cadence of a sentence. In the `cpu` profile the model has read no more than half a book's worth of text; the larger profiles
# get further.
#
# ## 8. An experiment: why are the writing matrices smaller?
#
# In a fresh model each of the $2L$ branches adds something nearly independent to the residual stream, and variances of independent
# things add up:
#
# $$\operatorname{Var}\big(x^{(L)}\big) \approx \operatorname{Var}\big(x^{(0)}\big) + 2L\,\sigma_{\text{branch}}^2.$$
#
# With $\sigma_{\text{branch}}$ fixed, the stream grows like $\sqrt L$, and each later branch matters less beside what has piled up.
# Dividing the writing weights by $\sqrt{2L}$ makes the whole sum independent of depth. That is the theory for independent branches.
# **Predict**: does the real, fresh model follow it? And will its *loss* show the difference?


# %%
@torch.no_grad()
def fresh_model(depth: int, scale_residual: bool, seed: int) -> tuple[float, float]:
    """A fresh model of width 128: standard deviation of the residual stream after the last block, and loss (nats per byte)."""
    torch.manual_seed(seed)
    model = GPT(GPTConfig(256, 64, depth, 2, 128), scale_residual).to(lab.device)
    stream = []
    model.ln_f.register_forward_pre_hook(lambda module, received: stream.append(received[0]))
    inputs, targets = draw_batch(train_data, 4, 64, torch.Generator().manual_seed(seed))
    loss = loss_of(model, inputs, targets).item()
    return stream[0].std().item(), loss


def interval(values: list[float]) -> tuple[float, float]:
    """95 % confidence interval of the mean of 5 values (Student's t with 4 degrees of freedom)."""
    half = 2.776 * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.mean(values) - half, statistics.mean(values) + half


# %%
DEPTHS, SEEDS = (2, 4, 8, 16, 32), lab.seeds(5)
INITS = {"all 0.02": False, "writing matrices scaled": True}
fresh = {(name, depth): [fresh_model(depth, scaled, seed) for seed in SEEDS] for name, scaled in INITS.items() for depth in DEPTHS}
spreads = {key: [std for std, _ in runs] for key, runs in fresh.items()}
spans = {name: list(zip(*(interval(spreads[name, depth]) for depth in DEPTHS), strict=True)) for name in INITS}
plot.lines(
    {name: [statistics.mean(spreads[name, depth]) for depth in DEPTHS] for name in INITS},
    bands=spans,
    xs=DEPTHS,
    x="number of blocks",
    y="std of the residual stream",
    caption="The residual stream of fresh models after the last block; bands: 95 % intervals over 5 seeds.",
    alt="Two curves: with plain initialization the stream grows with depth like a square root, with scaled matrices it stays level.",
)

# %%
growth = {name: [deep / shallow for shallow, deep in zip(spreads[name, 2], spreads[name, 32], strict=True)] for name in INITS}
losses_32 = {name: statistics.mean(loss for _, loss in fresh[name, 32]) for name in INITS}
for name, values in growth.items():
    low, high = interval(values)
    print(
        f"{name:>24}: x {statistics.mean(values):.2f} from 2 to 32 blocks (95 % interval {low:.2f} to {high:.2f}), loss {losses_32[name]:.3f}"
    )
record("stream_growth_plain", statistics.mean(growth["all 0.02"]))
record("stream_growth_scaled", statistics.mean(growth["writing matrices scaled"]))
claim("with plain initialization the stream at least doubles from 2 to 32 blocks, in every seed", min(growth["all 0.02"]) > 2)
claim(
    "with scaled writing matrices it changes by less than 20 %, in every seed",
    all(0.8 < g < 1.2 for g in growth["writing matrices scaled"]),
)

# %% [markdown]
# The stream does what the theory says, roughly: compare the printed growth with $\sqrt{32/2} = 4$. It is a little more, because the
# branches are not quite independent. Attention averages over tokens, and the deeper the block, the more the tokens have in common,
# so less of the average cancels and later attention branches are larger than the first.
#
# The losses of the two models are next to each other all the same: `ln_f` divides the size of the stream away before the logits. So
# a good first loss tells you nothing about this choice. What it is worth in training is another question, and a matter of depth and
# learning rate; exercise 5 asks you to measure it.
#
# ## Against the real thing
#
# Section 4 compared logits. Two parts are left: the decoding loop and the sampling rules, both against transformers.

# %%
from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

theirs = peer.generate(prompt_ids, max_new_tokens=40, do_sample=False, pad_token_id=0, attention_mask=torch.ones_like(prompt_ids))
claim("transformers' generate writes the same greedy tokens", torch.equal(theirs, generate(mine, prompt_ids, 40, temperature=0)))

torch.manual_seed(0)
logits = 3 * torch.randn(200, 97, dtype=torch.float64)
warpers = LogitsProcessorList([TemperatureLogitsWarper(0.8), TopKLogitsWarper(40), TopPLogitsWarper(0.9)])
theirs = warpers(prompt_ids, logits).softmax(dim=-1)
gap = (theirs - next_token_probs(logits, 0.8, 40, 0.9)).abs().max().item()
claim("and its temperature, top-k and top-p give the same probabilities within 1e-12", gap < 1e-12)

# %% [markdown]
# What a library does better than these hundred lines: prompts of different lengths in one batch (it pads on the left and masks),
# beam search and many more rules of choice, caches that are allocated once for `torch.compile`, quantized, or moved off the GPU,
# and stopping at an end-of-text token. Servers such as vLLM go on from there: they store the cache in pages and serve many readers
# at once.
#
# ## A written question

# %% [markdown] answer="kv-cache" points=2
# GPT-2 small has $L = 12$ blocks of width $C = 768$. (a) Why does the cache give *exactly* the same logits for a model with a
# causal mask, and why would it not for a model like BERT, in which every token sees every other? (b) How many bytes does the cache
# take for one sequence of 1,024 tokens in float16? (c) With a full cache, about how many multiply-adds does one decoding step take
# in the matrix products with weights, and how many in the attention scores and sums ($QK^\top$ and the product with $V$)? Which of
# the two grows with the context?
#
# ### BEGIN SOLUTION
# (a) With the causal mask, the stream at position $t$, hence its keys and values in every block, depends on the tokens up to $t$
# only; a new token changes nothing that is stored. In BERT a new token changes the stream of every position from the first block
# on, so all stored keys and values of later blocks would be out of date.
#
# (b) Keys and values: $2 \cdot 12 \cdot 768 \cdot 1024$ numbers of 2 bytes, 37.7 MB (36 MiB).
#
# (c) Each weight of the blocks and of the output layer is used once: about 85 million in the blocks ($12\cdot 12\,C^2$) and 38.6
# million in the output layer, so 124 million multiply-adds. Attention: in each block $TC$ for the scores and $TC$ for the sums,
# $2\cdot 12\cdot 1024\cdot 768 \approx 19$ million. Only the attention part grows, linearly, with the context.
#
# *Rubric*: 1 point for (a), with the dependence on earlier tokens only and the contrast; half a point for (b), 37.7 MB or 36 MiB
# with the factor 2 for keys and values; half a point for (c), the right orders of magnitude and which part grows. An answer to (c)
# that counts operations (twice as many) is right if it says so.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **The triangle in the wrong corner.** `is_causal=True` with one query and many keys lets the query see the first key only. The
#   text comes out, and it is nonsense.
# - **Positions that start again at 0** with every cached token. Nothing fails; the model writes as if each token were the first.
# - **A square matrix that is not transposed.** `attn.c_proj` fits both ways; the shape check cannot see it.
# - **Inputs and targets that are not shifted.** If the target at a position is the input at that position, the loss goes to zero
#   and the model has learned to copy.
# - **Comparing losses of different tokenizers.** Nats per byte and nats per byte-pair token are different units; convert to bits
#   per byte first.
# - **Judging by the training loss,** or by a sample that happens to look good. Hold out whole chapters, and compare with something
#   simple.
#
# ## Scale it up
#
# The same notebook runs larger. In the `gpu` profile (a free T4) it trains a model of 10 million parameters on Shakespeare's plays
# in float16; in the `h100` profile one of GPT-2 small's width and depth on *Moby-Dick*, in bfloat16 and compiled. Both then load
# OpenAI's real weights into *your* code and let them write. A GPU is worth what it delivers, so they record the **model FLOP
# utilization**: $6N$ operations for each token and parameter (forward and backward) and $12LTC$ for attention, divided by what the
# device could do at its best.


# %%
def flops_per_token(model: GPT) -> float:
    """Floating-point operations of one training step for each token: 6 N (N without the position embeddings) and 12 L T C."""
    weights = sum(p.numel() for p in model.parameters()) - model.wpe.weight.numel()
    sizes = model.config
    return 6 * weights + 12 * sizes.n_layer * sizes.block_size * sizes.n_embd


def write_with(name: str, revision: str, prompt: str, new_tokens: int, seed: int = 0) -> str:
    """Text by the GPT-2 weights `name` of the hub, in our model; temperature 0.8, top-p 0.95."""
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(name, revision=revision)
    theirs = GPT2LMHeadModel.from_pretrained(name, revision=revision)
    ours = GPT(config_of(theirs.config))
    load_gpt2(ours, theirs.state_dict())
    idx = torch.tensor([tokenizer.encode(prompt)], device=lab.device)
    generator = torch.Generator(lab.device).manual_seed(seed)
    return tokenizer.decode(generate(ours.to(lab.device), idx, new_tokens, 0.8, top_p=0.95, generator=generator)[0].tolist())


# %%
print(f"{flops_per_token(model) * tokens_per_second / 1e9:,.0f} GFLOP/s in training")
if lab.params["peak_tflops"]:
    record("mfu", flops_per_token(model) * tokens_per_second / (lab.params["peak_tflops"] * 1e12))
if lab.params["pretrained"]:
    print(write_with(lab.params["pretrained"], lab.params["revision"], "Call me Ishmael. Some years ago", 120))
else:
    print("OpenAI's weights are loaded in the gpu and h100 profiles.")

# %% [markdown]
# ## Exercises
#
# 1. [conceptual] GPT-2 XL has 48 blocks, 25 heads and width 1600. Work out its number of parameters with the formula of section 3,
#    then let the meta device count. *Success*: both say 1,557,611,200.
# 2. [short-code] When the prompt is read, only the last position's logits are used. Give `GPT.forward` an argument that computes
#    just those. *Success*: `generate` returns the same tokens, and `check("gpt")` still holds.
# 3. [short-code] Add min-p sampling: keep the tokens whose probability is at least `min_p` times the largest one. *Success*: for
#    0.4, 0.3, 0.2, 0.1 and `min_p=0.6`, exactly two tokens are left, with 4/7 and 3/7.
# 4. [short-code] Untie the output layer and train again, five seeds each. *Success*: the difference in held-out loss with a 95 %
#    interval, and a sentence that says what the interval allows you to say.
# 5. [extended] Train models of 2, 8 and 24 blocks of width 64 with both initializations, at two learning rates, at least three
#    seeds each. *Success*: a figure of held-out loss by depth with intervals, in which a reader can see whether scaling matters at
#    your size, whichever way it comes out.
# 6. [extended] Give `generate` prompts of different lengths in one batch: pad on the left, mask the padding, and shift the
#    positions. *Success*: each row's greedy tokens equal those of the row alone.
#
# ## References
#
# - A. Radford, J. Wu, R. Child, D. Luan, D. Amodei, I. Sutskever. [Language Models are Unsupervised Multitask
#   Learners](https://cdn.openai.com/better-language-models/language_models_are_unsupervised_multitask_learners.pdf), 2019. Section
#   2.3: pre-norm, the final LayerNorm, the scaled initialization.
# - A. Vaswani et al. [Attention Is All You Need](https://arxiv.org/abs/1706.03762), 2017. Section 3.2: multi-head attention;
#   section 3.4: shared embedding weights.
# - D. Hendrycks, K. Gimpel. [Gaussian Error Linear Units](https://arxiv.org/abs/1606.08415), 2016. Section 2: the approximation.
# - O. Press, L. Wolf. [Using the Output Embedding to Improve Language Models](https://arxiv.org/abs/1608.05859), 2017. Weight
#   tying.
# - R. Xiong et al. [On Layer Normalization in the Transformer Architecture](https://arxiv.org/abs/2002.04745), 2020. Pre-norm
#   against post-norm.
# - A. Holtzman et al. [The Curious Case of Neural Text Degeneration](https://arxiv.org/abs/1904.09751), 2020. Section 3: nucleus
#   sampling, and why greedy text circles.
# - N. Shazeer. [Fast Transformer Decoding: One Write-Head is All You Need](https://arxiv.org/abs/1911.02150), 2019. Section 2: the
#   cost of decoding step by step.
# - A. Chowdhery et al. [PaLM](https://arxiv.org/abs/2204.02311), 2022. Appendix B: model FLOP utilization.
