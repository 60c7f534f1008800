"""What proves the answers of the lab `attn-scaled-dot-product` right.

Inputs are float64 unless a property says otherwise, so agreement with torch means agreement to rounding error (TOL).
"""

import math

import torch
from torch.nn.functional import scaled_dot_product_attention

from scratchlab import measure
from scratchlab.checks import Wrong, as_array, beside, describe, expect, expect_close, expect_shape, task, unchanged

TOL = 1e-10
LEADS = ((), (1,), (2, 3))


# Inputs and references


def tensor(rng, *shape, dtype=torch.float64, scale=1.0):
    """A standard normal tensor times `scale`."""
    return torch.from_numpy(scale * rng.standard_normal(shape)).to(dtype)


def random_qkv(rng, *, lead=(2, 3), n_q=5, n_k=7, d=4, d_v=3, dtype=torch.float64, scale=1.0):
    """q (*lead, n_q, d), k (*lead, n_k, d) and v (*lead, n_k, d_v)."""
    q, k = tensor(rng, *lead, n_q, d, dtype=dtype, scale=scale), tensor(rng, *lead, n_k, d, dtype=dtype, scale=scale)
    return q, k, tensor(rng, *lead, n_k, d_v, dtype=dtype)


def strided_qkv(rng):
    """q, k, v of shape (2, 3, n, d) that are transposed views of tensors kept as (2, n, 3, d), as projections leave them."""
    return [each.transpose(1, 2) for each in (tensor(rng, 2, 5, 3, 4), tensor(rng, 2, 7, 3, 4), tensor(rng, 2, 7, 3, 4))]


def staircase(n_q, n_k):
    """The causal mask aligned at the bottom right, entry by entry."""
    return torch.tensor([[j <= i + n_k - n_q for j in range(n_k)] for i in range(n_q)]).reshape(n_q, n_k)


def raw_scores(q, k, scale=None):
    """Scores before the softmax."""
    return q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)


def exact(q, k, v, mask=None, scale=None):
    """Output and log-sum-exp of the scores: zeros and +inf for queries that may attend to nothing."""
    scores = raw_scores(q, k, scale)
    if mask is not None:
        scores = scores.masked_fill(~mask, -math.inf)
    lse = torch.logsumexp(scores, -1)
    lse = lse.masked_fill(lse == -math.inf, math.inf)
    return torch.exp(scores - lse.unsqueeze(-1)) @ v, lse


def gradients(function, *inputs, grad):
    """Gradients of sum(function(*inputs) * grad) with respect to each input."""
    leaves = [each.detach().clone().requires_grad_() for each in inputs]
    out = function(*leaves)
    if not isinstance(out, torch.Tensor) or not out.requires_grad:
        raise Wrong(
            tried="a backward pass through your output",
            got="an output that autograd cannot follow back to q, k and v",
            expected="an output computed from q, k and v with torch operations",
            look="a call such as .detach(), .item(), .numpy() or torch.tensor(...) cuts the graph",
        )
    return torch.autograd.grad((out * grad).sum(), leaves, allow_unused=True)


def pair(result, tried, names):
    """The two values that a function returns; a message in the learner's words if it does not return two."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
        raise Wrong(tried=tried, got=got, expected=f"two values: {names}", look="the last line of the docstring says what to return")
    return result


def naive(function, *args, **named):
    """What the student's `attention` or `masked_attention` returns for copies of the arguments, as a pair."""
    return pair(function(*copies(args), **named), "q, k, v with random entries", "the output and the weights")


def streamed(student, *args, **named):
    """What the student's `chunked_attention` returns for copies of the arguments, as a pair."""
    return pair(student.chunked_attention(*copies(args), **named), "q, k, v with random entries", "the output and the log-sum-exp")


def copies(tensors):
    """Copies, so that code which changes its arguments fails only the property that says so."""
    return [each.clone() for each in tensors]


def has_nan(value):
    """Whether any entry is NaN."""
    return math.isnan(as_array(value, tried="").sum())


def suspect(got, suspects, otherwise):
    """The words that belong to the known mistake whose result `got` equals, if any."""
    found = as_array(got, tried="").astype(float)
    for words, wrong in suspects.items():
        value = as_array(wrong, tried="").astype(float)
        if value.shape == found.shape and (abs(value - found) < 1e-8).all():
            return words
    return otherwise


def measured(student, name, *args, **named):
    """The elements of the tensors that the learner's function makes: the largest one, and the most alive at any moment."""
    return beside(student, measure.elements)(getattr(student, name), *args, **named)


def no_square_matrix(meter, rng):
    """No tensor with n_q * n_k elements is made; `meter(q, k, v, chunk)` measures a call."""
    n = int(rng.integers(90, 110))
    q, k, v = random_qkv(rng, lead=(2,), n_q=n, n_k=n, d=8, d_v=8)
    largest = meter(q, k, v, 16)["largest"]
    expect(
        largest < n * n,
        tried=f"{n} queries, {n} keys, chunks of 16, every new tensor counted",
        got=f"a tensor of {largest} elements: as large as the whole {n} x {n} matrix ({n * n}), or larger",
        expected=f"nothing larger than the block for one chunk: 2 heads x {n} x 16 = {2 * n * 16} elements",
        look="which line makes scores, a mask or weights for all keys at once? Work on one chunk, then let it go",
    )


def grows_linearly(meter, rng):
    """The memory held at the peak of a call doubles when the sequence doubles; it does not quadruple."""
    peaks = [meter(*random_qkv(rng, lead=(1,), n_q=n, n_k=n, d=8, d_v=8), 32)["peak"] for n in (512, 1024)]
    factor = peaks[1] / peaks[0]
    expect(
        factor < 2.6,
        tried="sequences of 512 and of 1,024, chunks of 32, all live elements counted",
        got=f"{peaks[0]} and {peaks[1]} elements alive at the peak: {factor:.1f} times as many",
        expected="about 2 times as many: memory linear in the length",
        look="are the blocks of all chunks kept, for example in a list? Only the running results may outlive a chunk",
    )


# 1. attention

attention = task(
    "attention",
    hints=(
        "Compare every query with every key by a dot product, turn each query's row of scores into weights that sum to one, "
        "and average the values with these weights.",
        "scores = q kᵀ · scale has shape (..., n_q, n_k); softmax runs over its last axis (the keys); weights @ v has shape "
        "(..., n_q, d_v). `transpose(-2, -1)` turns the last two axes whatever stands before them. "
        "The default scale is 1/√d with d = q.shape[-1]; test it with `is None`.",
        "scale = q.shape[-1] ** -0.5 if scale is None else scale; weights = torch.softmax(q @ k.transpose(-2, -1) * ..., dim=...); "
        "return weights @ ..., weights",
    ),
)


@attention.property("output and weights have the right shapes, for any leading dimensions")
def shapes(student, rng):
    for lead in LEADS:
        q, k, v = random_qkv(rng, lead=lead)
        tried = f"q of shape {tuple(q.shape)}, k {tuple(k.shape)}, v {tuple(v.shape)}"
        out, weights = pair(student.attention(q, k, v), tried, "the output and the weights")
        expect_shape(weights, (*lead, 5, 7), tried=tried, look="weights has one row for each query and one column for each key")
        expect_shape(out, (*lead, 5, 3), tried=tried, look="the output has one row for each query, as wide as a value")


@attention.property("each query's weights are positive and sum to one", after="shapes")
def rows_sum_to_one(student, rng):
    q, k, v = random_qkv(rng)
    _, weights = naive(student.attention, q, k, v)
    tried = "the weights of random q, k, v with 5 queries and 7 keys"
    expect(as_array(weights, tried=tried).min() > 0, tried=tried, got="an entry that is not positive", expected="weights above 0")
    expect_close(weights.sum(-1), 1, tried=tried, tol=TOL, look="the softmax runs over the keys: which axis of (..., n_q, n_k) is that?")


@attention.property("the output agrees with torch's scaled_dot_product_attention", after="shapes")
def matches_torch(student, rng):
    for lead in LEADS:
        q, k, v = random_qkv(rng, lead=lead, d=6)
        out, _ = naive(student.attention, q, k, v)
        scores = raw_scores(q, k)
        look = suspect(
            out,
            {
                "this is the result without the scale: the default is 1/√d, not 1": exact(q, k, v, scale=1.0)[0],
                "this is the result when the scores are divided by d; the scale is 1/√d": exact(q, k, v, scale=1 / 6)[0],
                "this is the result when the scores are multiplied by √d; divide by it": exact(q, k, v, scale=6**0.5)[0],
                "this is the result of a softmax over the queries; each query distributes its weight over the keys": (
                    torch.softmax(scores, -2) @ v
                ),
            },
            "compute scores, softmax over the keys, weighted sum of v, in this order",
        )
        tried = f"random q, k, v with leading dimensions {lead}, 5 queries, 7 keys, d = 6"
        expect_close(out, scaled_dot_product_attention(q, k, v), tried=tried, tol=TOL, look=look)


@attention.property("the scale that is passed is used, also when it is zero", after="rows_sum_to_one")
def uses_the_given_scale(student, rng):
    q, k, v = random_qkv(rng)
    for scale in (0.3, 0.0):
        out, _ = naive(student.attention, q, k, v, scale=scale)
        look = "zero is a scale too (all scores equal, all weights 1/n_k): `scale or ...` takes it for missing" if scale == 0 else ""
        expect_close(
            out, exact(q, k, v, scale=scale)[0], tried=f"scale={scale}", tol=TOL, look=look or "does the argument `scale` get used?"
        )


@attention.property("the order of the keys does not matter, as long as their values move along", after="shapes")
def order_of_keys(student, rng):
    q, k, v = random_qkv(rng)
    order = torch.from_numpy(rng.permutation(7))
    out, weights = naive(student.attention, q, k, v)
    moved, moved_weights = naive(student.attention, q, k[..., order, :], v[..., order, :])
    look = "attention is a sum over a set of key-value pairs; nothing in it may depend on their position"
    expect_close(moved, out, tried="k and v shuffled in the same way", tol=TOL, expected="the same output", look=look)
    expect_close(
        moved_weights, as_array(weights, tried="")[..., order.numpy()], tried="k and v shuffled", tol=TOL, look="weights move with the keys"
    )


@attention.property("adding a constant to a query's scores changes nothing", after="rows_sum_to_one")
def shift_invariance(student, rng):
    q, k, v = random_qkv(rng)
    _, weights = naive(student.attention, q, k, v)
    _, shifted = naive(student.attention, q, k + tensor(rng, 1, 1, 1, 4), v)
    expect_close(
        shifted,
        weights,
        tried="the same vector c added to every key, which adds q·c to all scores of a query",
        expected="the same weights: softmax only sees differences within a row",
        tol=TOL,
        look="is the softmax taken within one query's row of scores?",
    )


@attention.property("scores of ten thousand do not overflow", after="rows_sum_to_one")
def extreme_scores(student, rng):
    q, k, v = random_qkv(rng, scale=100.0)
    out, _ = naive(student.attention, q, k, v)
    expect_close(
        out,
        exact(q, k, v)[0],
        tried=f"scores between {raw_scores(q, k).min():.0f} and {raw_scores(q, k).max():.0f}",
        tol=TOL,
        look="exp(1000) overflows; subtract each row's maximum before exp, or use torch.softmax, which does",
    )


@attention.property("gradients agree with torch's", after="matches_torch")
def gradient(student, rng):
    q, k, v = random_qkv(rng)
    grad = tensor(rng, 2, 3, 5, 3)
    got = gradients(lambda *x: naive(student.attention, *x)[0], q, k, v, grad=grad)
    for name, mine, torchs in zip("qkv", got, gradients(scaled_dot_product_attention, q, k, v, grad=grad), strict=True):
        expect(mine is not None, tried=f"the gradient with respect to {name}", got="none", expected=f"the output depends on {name}")
        expect_close(mine, torchs, tried=f"the gradient with respect to {name}", tol=TOL, look="is a part of the result detached?")


@attention.property("float32 and bfloat16 stay what they are", after="shapes")
def keeps_dtype(student, rng):
    for dtype in (torch.float32, torch.bfloat16):
        q, k, v = random_qkv(rng, dtype=dtype)
        for name, value in zip(("output", "weights"), naive(student.attention, q, k, v), strict=True):
            expect(
                value.dtype == dtype,
                tried=f"q, k, v in {dtype}",
                got=f"{name} in {value.dtype}",
                expected=f"{name} in {dtype}",
                look="a tensor of another dtype, or .float(), changes the type of everything after it",
            )


@attention.property("transposed views work, and q, k, v are left as they were", after="shapes")
def views_and_no_mutation(student, rng):
    q, k, v = strided_qkv(rng)
    with unchanged("q, k, v that are transposed views", q=q, k=k, v=v):
        weights = student.attention(q, k, v)[1]
    contiguous = student.attention(q.contiguous(), k.contiguous(), v.contiguous())[1]
    expect_close(weights, contiguous, tried="the same numbers, transposed view against contiguous copy", tol=TOL)


# 2. causal_mask and masked_attention

causal_mask = task(
    "causal_mask",
    hints=(
        "The n_q queries are the last n_q positions of a sequence of n_k. A position sees itself and everything before it.",
        "Query i stands at position i + (n_k - n_q). It may attend to key j if j <= i + n_k - n_q. "
        "Compare a column of query positions with a row of key positions.",
        "torch.arange(n_k) <= torch.arange(n_q)[:, None] + ...; or torch.ones(n_q, n_k, dtype=torch.bool).tril(...)",
    ),
)


def mask_of(student, n_q, n_k):
    """The student's mask, known to be a boolean tensor of the right shape."""
    mask, tried = student.causal_mask(n_q, n_k), f"causal_mask({n_q}, {n_k})"
    expect_shape(mask, (n_q, n_k), tried=tried, look="one row for each query, one column for each key")
    expect(
        mask.dtype == torch.bool, tried=tried, got=f"a tensor of {mask.dtype}", expected="torch.bool", look="`<=` makes a boolean tensor"
    )
    return mask


@causal_mask.property("as many queries as keys: each sees itself and the past, never the future")
def square(student, rng):
    n = int(rng.integers(3, 9))
    mask = mask_of(student, n, n)
    right = staircase(n, n)
    look = suspect(
        mask,
        {
            "this is the mask turned round: True means that the query MAY attend": ~right,
            "no query sees itself here: the diagonal belongs to the past, j <= i": staircase(n, n) & ~torch.eye(n, dtype=torch.bool),
            "here each query sees the present and the future: j <= i, not j >= i": right.T,
        },
        "row i is True in columns 0 to i",
    )
    for i, j in (mask != right).nonzero().tolist()[:1]:
        raise Wrong(tried=f"causal_mask({n}, {n})", got=f"mask[{i}, {j}] = {bool(mask[i, j])}", expected=f"{bool(right[i, j])}", look=look)


@causal_mask.property("fewer queries than keys: the queries are the last positions", after="square")
def fewer_queries(student, rng):
    n_k = int(rng.integers(5, 9))
    for n_q in (1, 3):
        mask = mask_of(student, n_q, n_k)
        seen = mask.sum(-1).tolist()
        expected = [n_k - n_q + 1 + i for i in range(n_q)]
        expect(
            torch.equal(mask, staircase(n_q, n_k)),
            tried=f"causal_mask({n_q}, {n_k}): {n_q} new positions, {n_k - n_q} earlier keys",
            got=f"rows that see {seen} keys",
            expected=f"rows that see the first {expected} keys: the last query sees them all",
            look="is the staircase aligned at the top left? The last query and the last key are the same position: shift by n_k - n_q",
        )


@causal_mask.property("more queries than keys: the first queries see nothing", after="square")
def more_queries(student, rng):
    n_q = int(rng.integers(5, 9))
    mask = mask_of(student, n_q, 3)
    expected = [max(0, i + 4 - n_q) for i in range(n_q)]
    expect(
        torch.equal(mask, staircase(n_q, 3)),
        tried=f"causal_mask({n_q}, 3)",
        got=f"rows that see {mask.sum(-1).tolist()} keys",
        expected=f"rows that see the first {expected} keys",
        look="the rule j <= i + n_k - n_q needs no special case when n_k - n_q is negative",
    )


masked_attention = task(
    "masked_attention",
    hints=(
        "A masked key must behave as if it were not there: its weight is exactly zero and the others share the whole weight. "
        "So the mask acts on the scores, before the softmax. A row with no key left needs a second look.",
        "Before the softmax put a very low number where mask is False (`scores.masked_fill(~mask, low)`); e^low is 0. "
        "After it put 0 there once more: that turns rows in which everything was masked into zeros. "
        "`low = torch.finfo(scores.dtype).min` is finite, so no NaN arises at any moment, forward or backward.",
        "scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min); weights = torch.softmax(scores, dim=-1).masked_fill(...)",
    ),
)


def random_mask(rng, *shape):
    """A random boolean mask in which every row allows at least its first key."""
    mask = torch.from_numpy(rng.random(shape) < 0.6)
    mask[..., 0] = True
    return mask


def some_masks(rng):
    """Masks of the shapes that occur in practice, for q (2, 3, 5, d) and k (2, 3, 7, d), with the name of each shape."""
    return {
        "(n_q, n_k), one for all": random_mask(rng, 5, 7),
        "(batch, 1, 1, n_k), padding": random_mask(rng, 2, 1, 1, 7),
        "(batch, heads, n_q, n_k)": random_mask(rng, 2, 3, 5, 7),
        "(n_k,)": random_mask(rng, 7),
    }


def with_empty_row(rng, n_q=5, n_k=7):
    """A mask (n_q, n_k) whose row 2 allows nothing."""
    mask = random_mask(rng, n_q, n_k)
    mask[2] = False
    return mask


@masked_attention.property("without a mask it is plain attention")
def no_mask(student, rng):
    q, k, v = random_qkv(rng)
    out, weights = naive(student.masked_attention, q, k, v)
    expect_close(out, exact(q, k, v)[0], tried="mask=None", tol=TOL, look="with no mask every key is allowed; is the scale there?")
    expect_shape(weights, (2, 3, 5, 7), tried="mask=None")


@masked_attention.property("masked keys get weight zero, the others share the whole weight")
def zero_weight(student, rng):
    q, k, v = random_qkv(rng)
    mask = random_mask(rng, 5, 7)
    _, weights = naive(student.masked_attention, q, k, v, mask=mask)
    tried = "a random mask of shape (5, 7) that leaves every query at least one key"
    weights = as_array(weights, tried=tried)
    hidden = weights[..., ~mask.numpy()]
    expect(
        (hidden == 0).all(),
        tried=tried,
        got=f"weight {hidden.max():.3g} on a key whose mask is False",
        expected="exactly 0 where mask is False",
        look="True means that the query MAY attend: is the mask turned round?",
    )
    look = "is the mask applied after the softmax? Then the weight that masked keys would have had is lost: mask the scores before it"
    expect_close(weights.sum(-1), 1, tried=tried, tol=TOL, expected="rows that sum to 1", look=look)


@masked_attention.property("every shape of mask that broadcasts agrees with torch")
def broadcasting(student, rng):
    q, k, v = random_qkv(rng)
    for name, mask in some_masks(rng).items():
        out, _ = naive(student.masked_attention, q, k, v, mask=mask, scale=0.7)
        want = scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(2, 3, 5, 7), scale=0.7)
        look = suspect(
            out,
            {
                "True means that the query MAY attend: the mask is turned round": exact(q, k, v, ~mask, 0.7)[0],
                "this is the result without the argument `scale`": exact(q, k, v, mask)[0],
            },
            "the mask only needs to broadcast against the scores (batch, heads, n_q, n_k); mask before the softmax",
        )
        expect_close(out, want, tried=f"a mask of shape {name}, scale=0.7", tol=TOL, look=look)


@masked_attention.property("what masked keys and values hold has no influence, however large their scores", after="zero_weight")
def hidden_content(student, rng):
    q, k, v = random_qkv(rng)
    mask = random_mask(rng, 7)
    out, _ = naive(student.masked_attention, q, k, v, mask=mask)
    hidden = ~mask.unsqueeze(-1)
    k2 = torch.where(hidden, tensor(rng, 2, 3, 7, 4, scale=1e4), k)
    v2 = torch.where(hidden, tensor(rng, 2, 3, 7, 3, scale=1e4), v)
    other, _ = naive(student.masked_attention, q, k2, v2, mask=mask)
    look = "0 · huge is 0, but a small weight is not 0: is the masked score low enough, and not multiplied or added to what was there?"
    expect_close(
        other, out, tried="masked keys and values replaced by numbers around 10,000", expected="the same output", tol=TOL, look=look
    )


@masked_attention.property("allowed scores below -10,000 still win against masked keys", after="zero_weight")
def extreme_allowed(student, rng):
    q, k, v = random_qkv(rng, lead=(2,), d=4)
    q, k = q.abs() + 80.0, -(k.abs() + 100.0)
    mask = random_mask(rng, 5, 7)
    out, _ = naive(student.masked_attention, q, k, v, mask=mask)
    expect_close(
        out,
        exact(q, k, v, mask)[0],
        tried=f"allowed scores from {raw_scores(q, k).min():.0f} to {raw_scores(q, k).max():.0f}",
        tol=TOL,
        look="a fill such as 0 or -10,000 is not lower than every score; use -inf or torch.finfo(dtype).min",
    )


@masked_attention.property("a query that may attend to nothing gets zeros")
def empty_rows(student, rng):
    q, k, v = random_qkv(rng)
    mask = with_empty_row(rng)
    out, weights = naive(student.masked_attention, q, k, v, mask=mask)
    tried = "a mask of shape (5, 7) in which row 2 is all False"
    row = as_array(out, tried=tried)[..., 2, :]
    if math.isnan(row.sum()):
        look = "what is softmax of a row in which every score is -inf? 0/0. Such a row needs its own answer"
    else:
        average = (
            "row 2 is the plain average of all values: when all scores are equally low, softmax makes them equal. Set these weights to 0"
        )
        look = suspect(row, {average: v.mean(-2)}, "row 2 allows no key, so all its weights are 0; is the mask turned round?")
    expect_close(out[..., 2, :], 0, tried=tried, tol=0, look=look)
    expect_close(weights[..., 2, :], 0, tried=tried, tol=0, look=look)


@masked_attention.property("gradients agree with torch's and hold no NaN, empty rows included", after="broadcasting")
def masked_gradient(student, rng):
    q, k, v = random_qkv(rng)
    mask, grad = with_empty_row(rng), tensor(rng, 2, 3, 5, 3)
    got = gradients(lambda *x: naive(student.masked_attention, *x, mask=mask)[0], q, k, v, grad=grad)
    allowed = mask.any(-1)
    want = list(gradients(lambda *x: exact(*x, mask)[0][..., allowed, :], q, k, v, grad=grad[..., allowed, :]))
    want[0] = torch.where(allowed.unsqueeze(-1), want[0], 0.0)
    for name, mine, right in zip("qkv", got, want, strict=True):
        expect(mine is not None, tried=f"the gradient with respect to {name}", got="none", expected=f"the output depends on {name}")
        tried = f"the gradient with respect to {name}; row 2 of the mask is all False"
        look = (
            "the output may look repaired and the gradient still be NaN: 0 · NaN is NaN in the backward pass. "
            "Choose operations in which no NaN ever arises, or replace scores with masked_fill or torch.where instead of adding -inf"
            if has_nan(mine)
            else "are hidden scores out of the result altogether, and does row 2, which sees nothing, send no gradient to k and v?"
        )
        expect_close(mine, right, tried=tried, tol=TOL, look=look)


@masked_attention.property("bfloat16 stays bfloat16, views work, and no argument is changed")
def masked_dtype_views(student, rng):
    q, k, v = strided_qkv(rng)
    mask = random_mask(rng, 5, 7)
    with unchanged("transposed views and a boolean mask", q=q, k=k, v=v, mask=mask):
        out = student.masked_attention(q, k, v, mask=mask)[0]
    contiguous = student.masked_attention(q.contiguous(), k.contiguous(), v.contiguous(), mask=mask)[0]
    expect_close(out, contiguous, tried="the same numbers, transposed view against contiguous copy", tol=TOL)
    low = naive(student.masked_attention, *(x.bfloat16() for x in (q, k, v)), mask=mask)
    for name, value in zip(("output", "weights"), low, strict=True):
        expect(value.dtype == torch.bfloat16, tried="bfloat16", got=f"{name} in {value.dtype}", expected=f"{name} in torch.bfloat16")


# 3. chunked_attention

chunked_attention = task(
    "chunked_attention",
    hints=(
        "Keep three running results for each query: the largest score so far, the sum of exponentials relative to it, and the "
        "weighted sum of values relative to it. When a chunk brings a larger score, the old sum and the old weighted sum are too "
        "large by the factor e^(new maximum - old maximum).",
        "For a chunk with scores s: m_new = max(m, s.max over keys); p = exp(s - m_new); r = exp(m - m_new); "
        "l = l·r + p.sum over keys; acc = acc·r + p @ v_chunk. At the end out = acc / l and lse = m + log l. Start m at the lowest FINITE "
        "number of the dtype: with -inf, a first chunk that is all masked gives exp(-inf - (-inf)) = NaN.",
        "for start in range(0, k.shape[-2], chunk): s = chunk_scores(q, k, start, start + chunk, mask=mask, causal=causal, scale=scale); "
        "...; then empty = l == 0; out = acc / l.masked_fill(empty, 1)...; lse = (m + l.log()).masked_fill(empty, math.inf); "
        "return out.to(q.dtype), lse",
    ),
)


@chunked_attention.property("one chunk that holds all keys gives attention")
def one_chunk(student, rng):
    for lead in LEADS:
        q, k, v = random_qkv(rng, lead=lead)
        tried = f"leading dimensions {lead}, 7 keys, chunk=50"
        out, lse = pair(student.chunked_attention(q, k, v, chunk=50), tried, "the output and the log-sum-exp")
        expect_shape(lse, (*lead, 5), tried=tried, look="one log-sum-exp for each query")
        expect_close(out, scaled_dot_product_attention(q, k, v), tried=tried, tol=TOL, look="divide by the sum only once, at the end")


@chunked_attention.property("any chunk size gives the same output, also one that does not divide the length", after="one_chunk")
def any_chunk(student, rng):
    q, k, v = random_qkv(rng, n_k=11)
    for chunk in (1, 4, 11):
        out, _ = streamed(student, q, k, v, chunk=chunk, scale=0.9)
        want = scaled_dot_product_attention(q, k, v, scale=0.9)
        pieces = [exact(q, k[..., i : i + chunk, :], v[..., i : i + chunk, :], scale=0.9)[0] for i in range(0, 11, chunk)]
        look = suspect(
            out,
            {
                "this is the plain average of the chunks' results; a chunk with larger scores must count for more": sum(pieces)
                / len(pieces),
                "this is the sum of the chunks' results: their weights sum to one in each chunk, not over all chunks": sum(pieces),
                "only the last chunk is left: the running results must carry over": pieces[-1],
            },
            "when the maximum grows, BOTH the running sum and the running weighted values must be rescaled by exp(old max - new max)",
        )
        expect_close(out, want, tried=f"11 keys in chunks of {chunk}, scale=0.9", tol=TOL, look=look)


@chunked_attention.property("lse is the log-sum-exp of each query's scores", after="one_chunk")
def log_sum_exp(student, rng):
    q, k, v = random_qkv(rng, n_k=11)
    _, lse = streamed(student, q, k, v, chunk=4)
    expect_close(lse, exact(q, k, v)[1], tried="11 keys in chunks of 4", tol=TOL, look="lse = running maximum + log(running sum)")


@chunked_attention.property("scores of ten thousand in any order neither overflow nor vanish", after="one_chunk")
def extreme_chunks(student, rng):
    q, k, v = random_qkv(rng, lead=(3,), n_q=1, n_k=12, scale=100.0)
    for name, descending in (("rising", False), ("falling", True)):
        order = raw_scores(q, k).squeeze(-2).argsort(-1, descending=descending)
        k_sorted = torch.take_along_dim(k, order.unsqueeze(-1), -2)
        out, lse = streamed(student, q, k_sorted, v, chunk=3)
        want_out, want_lse = exact(q, k_sorted, v)
        scores = raw_scores(q, k)
        tried = f"scores from {scores.min():.0f} to {scores.max():.0f}, {name} from chunk to chunk"
        look = "every exponent must be relative to the running maximum, and what was summed before rescaled when the maximum rises"
        expect_close(out, want_out, tried=tried, tol=TOL, look=look)
        expect_close(lse, want_lse, tried=tried, tol=TOL, look=look)


@chunked_attention.property("masks of every shape agree with torch", after="one_chunk")
def chunked_masks(student, rng):
    q, k, v = random_qkv(rng)
    for name, mask in some_masks(rng).items():
        out, _ = streamed(student, q, k, v, mask=mask, chunk=7)
        want = scaled_dot_product_attention(q, k, v, attn_mask=mask.expand(2, 3, 5, 7))
        expect_close(out, want, tried=f"a mask of shape {name}", tol=TOL, look="is `mask` passed on to chunk_scores?")


NAN_LOOK = (
    "while a query has seen no key, its maximum is -inf, and exp(-inf - (-inf)) is NaN: start the running maximum at the "
    "lowest finite number (torch.finfo) instead of -inf"
)


@chunked_attention.property("a chunk in which a query sees nothing leaves its results alone", after="any_chunk")
def masked_chunks(student, rng):
    q, k, v = random_qkv(rng, n_k=9)
    for where in (slice(0, 3), slice(3, 6), slice(6, 9)):
        mask = torch.ones(5, 9, dtype=torch.bool)
        mask[1:4, where] = False
        out, _ = streamed(student, q, k, v, mask=mask, chunk=3)
        look = NAN_LOOK if has_nan(out) else "is `mask` passed on to chunk_scores?"
        tried = f"chunks of 3; keys {where.start} to {where.stop - 1}, a whole chunk, masked for queries 1 to 3"
        expect_close(out, exact(q, k, v, mask)[0], tried=tried, tol=TOL, look=look)


@chunked_attention.property("a query that may attend to nothing gets zeros, and lse = +inf", after="masked_chunks")
def chunked_empty(student, rng):
    q, k, v = random_qkv(rng)
    mask = with_empty_row(rng)
    out, lse = streamed(student, q, k, v, mask=mask, chunk=3)
    want_out, want_lse = exact(q, k, v, mask)
    tried = "a mask of shape (5, 7) in which row 2 is all False, chunks of 3"
    expect_close(out, want_out, tried=tried, tol=TOL, look="there the running sum is 0: divide by 1 instead")
    look = "for a row without keys return +inf, so that exp(score - lse) will be 0 in the backward pass"
    expect_close(lse, want_lse, tried=tried, tol=TOL, look=look)


@chunked_attention.property("causal: changing the future changes no earlier output", after="one_chunk")
def chunked_causality(student, rng):
    n_q, n_k = int(rng.integers(4, 7)), 9
    q, k, v = random_qkv(rng, n_q=n_q, n_k=n_k)
    out, _ = streamed(student, q, k, v, causal=True, chunk=4)
    cut = n_k - 2
    k2, v2 = k.clone(), v.clone()
    k2[..., cut:, :], v2[..., cut:, :] = 50.0, -50.0
    later, _ = streamed(student, q, k2, v2, causal=True, chunk=4)
    tried = f"causal=True, {n_q} queries, {n_k} keys; keys and values from position {cut} on replaced"
    look = "is `causal` passed on to chunk_scores?"
    expect_close(later[..., : n_q - 2, :], out[..., : n_q - 2, :], tried=tried, expected="the same output", tol=TOL, look=look)
    out, _ = streamed(student, q, k, v, causal=True, chunk=n_k)
    expect_close(out, exact(q, k, v, staircase(n_q, n_k))[0], tried="causal=True", tol=TOL, look=look)


@chunked_attention.property("causal and mask hold together", after="chunked_causality")
def causal_and_mask(student, rng):
    q, k, v = random_qkv(rng, n_q=9, n_k=7)
    mask = random_mask(rng, 2, 1, 1, 7)
    out, lse = streamed(student, q, k, v, causal=True, mask=mask, chunk=7)
    want_out, want_lse = exact(q, k, v, mask & staircase(9, 7))
    tried = "causal=True and a padding mask; 9 queries, 7 keys, so the first two queries see nothing"
    look = NAN_LOOK if has_nan(out) else "a key counts only if both allow it"
    expect_close(out, want_out, tried=tried, tol=TOL, look=look)
    expect_close(lse, want_lse, tried=tried, tol=TOL, look="+inf for the queries that see nothing")


@chunked_attention.property("no tensor of the size queries x keys is ever made", after="one_chunk")
def chunked_largest(student, rng):
    no_square_matrix(lambda q, k, v, chunk: measured(student, "chunked_attention", q, k, v, causal=True, chunk=chunk), rng)


@chunked_attention.property("twice the length takes twice the memory, not four times", after="one_chunk")
def chunked_linear(student, rng):
    grows_linearly(lambda q, k, v, chunk: measured(student, "chunked_attention", q, k, v, chunk=chunk), rng)


@chunked_attention.property("bfloat16 in, bfloat16 out, but sums are kept in float32", after="any_chunk")
def wide_sums(student, rng):
    q, k, v = random_qkv(rng, lead=(4,), n_q=8, n_k=512, d=8, d_v=8, dtype=torch.bfloat16)
    v = (v.float() + 2.0).bfloat16()
    out, lse = streamed(student, q, k, v, chunk=2)
    expect(out.dtype == torch.bfloat16, tried="q, k, v in bfloat16", got=f"an output in {out.dtype}", expected="torch.bfloat16")
    expect(
        lse.dtype == torch.float32,
        tried="q, k, v in bfloat16",
        got=f"lse in {lse.dtype}",
        expected="torch.float32",
        look="chunk_scores returns float32; keep the running results in that dtype and convert only the output",
    )
    want = exact(q.double(), k.double(), v.double())[0]
    expect_close(
        out,
        want,
        tried="512 keys in chunks of 2, bfloat16",
        tol=0.008,
        look="256 rounded additions in 8 bits of precision add up: keep the running sum and the weighted values in float32",
    )


@chunked_attention.property("transposed views work, and no argument is changed", after="one_chunk")
def chunked_views(student, rng):
    q, k, v = strided_qkv(rng)
    mask = random_mask(rng, 5, 7)
    with unchanged("transposed views and a boolean mask", q=q, k=k, v=v, mask=mask):
        out = student.chunked_attention(q, k, v, mask=mask, chunk=7)[0]
    contiguous = student.chunked_attention(q.contiguous(), k.contiguous(), v.contiguous(), mask=mask, chunk=7)[0]
    expect_close(out, contiguous, tried="the same numbers, transposed view against contiguous copy", tol=TOL)


# 4. attention_backward

attention_backward = task(
    "attention_backward",
    hints=(
        "With lse at hand a chunk's weights come back in one line, and they are final: no running maximum is needed. "
        "Then apply the chain rule to out = P v, P = softmax(S), S = scale · q kᵀ, for this chunk's columns of P and S.",
        "P = exp(S - lse); dV_chunk = Pᵀ dO; dP = dO V_chunkᵀ; dS = P ∘ (dP - D) with D = rowsum(dO ∘ O), shape (..., n_q, 1); "
        "dQ += scale · dS K_chunk (a sum over chunks); dK_chunk = scale · dSᵀ Q.",
        "for start in range(0, n_k, chunk): keys = slice(start, start + chunk); p = torch.exp(chunk_scores(...) - lse.unsqueeze(-1)); "
        "dv[..., keys, :] = p.mT @ grad; ds = p * (grad @ v[..., keys, :].mT - delta); dq += ...; dk[..., keys, :] = ...",
    ),
)


def backward_case(rng, *, lead=(2, 3), mask=None, n_q=5, n_k=7, scale=None, dtype=torch.float64):
    """Arguments of attention_backward (grad, q, k, v, out, lse) and the right gradients."""
    q, k, v = random_qkv(rng, lead=lead, n_q=n_q, n_k=n_k)
    grad = tensor(rng, *lead, n_q, 3)
    out, lse = exact(q, k, v, mask, scale)
    allowed = torch.ones(n_q, dtype=torch.bool) if mask is None else mask.any(-1)
    want = list(gradients(lambda *x: exact(*x, mask, scale)[0][..., allowed, :], q, k, v, grad=grad[..., allowed, :]))
    want[0] = torch.where(allowed.unsqueeze(-1), want[0], 0.0)
    return (*(each.to(dtype) for each in (grad, q, k, v, out)), lse.to(torch.promote_types(dtype, torch.float32))), want


def three(result):
    """dq, dk and dv; a message if the function returns something else."""
    if not isinstance(result, tuple | list) or len(result) != 3:
        got = f"{len(result)} values" if isinstance(result, tuple | list) else describe(result)
        raise Wrong(tried="random inputs", got=got, expected="three values: dq, dk and dv")
    return result


@attention_backward.property("dq, dk and dv have the shapes and the dtype of q, k and v")
def backward_shapes(student, rng):
    for lead, dtype in ((), torch.float64), ((1,), torch.float64), ((2, 3), torch.bfloat16):
        args, _ = backward_case(rng, lead=lead, dtype=dtype)
        for name, got, like in zip(("dq", "dk", "dv"), three(student.attention_backward(*args, chunk=3)), args[1:4], strict=True):
            expect_shape(got, tuple(like.shape), tried=f"leading dimensions {lead}, chunks of 3: {name}")
            expect(got.dtype == like.dtype, tried=f"inputs in {dtype}", got=f"{name} in {got.dtype}", expected=f"{name} in {dtype}")


@attention_backward.property("dv agrees with autograd", after="backward_shapes")
def backward_dv(student, rng):
    for chunk in (1, 3, 50):
        args, (_, _, want) = backward_case(rng)
        look = "dv for a chunk is Pᵀ dO, with P = exp(scores - lse); write it into the chunk's own rows"
        expect_close(three(student.attention_backward(*args, chunk=chunk))[2], want, tried=f"chunks of {chunk}", tol=TOL, look=look)


@attention_backward.property("dk agrees with autograd", after="backward_shapes")
def backward_dk(student, rng):
    for chunk in (1, 3, 50):
        args, (_, want, _) = backward_case(rng)
        got = three(student.attention_backward(*args, chunk=chunk))[1]
        look = suspect(
            got,
            {"the factor `scale` is missing: scores are scale · q kᵀ, so both dq and dk carry it": want / 4**-0.5},
            "is D = rowsum(dO ∘ O) subtracted inside dS = P ∘ (dP - D)? Raising one weight lowers the others of its row",
        )
        expect_close(got, want, tried=f"chunks of {chunk}", tol=TOL, look=look)


@attention_backward.property("dq agrees with autograd", after="backward_shapes")
def backward_dq(student, rng):
    for chunk in (50, 3, 1):
        args, (want, _, _) = backward_case(rng)
        got = three(student.attention_backward(*args, chunk=chunk))[0]
        grad, q, k, v, out, lse = args
        d_scores = torch.exp(raw_scores(q, k) - lse.unsqueeze(-1)) * (grad @ v.mT - (grad * out).sum(-1, keepdim=True))
        last = (7 - 1) // chunk * chunk
        look = suspect(
            got,
            {
                "the factor `scale` is missing: scores are scale · q kᵀ, so both dq and dk carry it": want / 4**-0.5,
                "only the last chunk's part is left: a query receives gradient from every chunk, so add the parts": (
                    d_scores[..., last:] @ k[..., last:, :] * 4**-0.5
                ),
            },
            "is D = rowsum(dO ∘ O) subtracted inside dS = P ∘ (dP - D)? D belongs to the whole row, not to one chunk of it",
        )
        expect_close(got, want, tried=f"chunks of {chunk}", tol=TOL, look=look)


@attention_backward.property("another scale is respected", after="backward_dk")
def backward_scale(student, rng):
    args, want = backward_case(rng, scale=1.7)
    for name, got, right in zip(("dq", "dk", "dv"), three(student.attention_backward(*args, scale=1.7, chunk=50)), want, strict=True):
        look = "use the argument `scale` in the scores, in dq and in dk; 1/√d is only its default"
        expect_close(got, right, tried=f"scale=1.7: {name}", tol=TOL, look=look)


@attention_backward.property("the gradients of all keys cancel: a shift of every key changes nothing", after="backward_shapes")
def keys_cancel(student, rng):
    args, _ = backward_case(rng)
    dk = three(student.attention_backward(*args, chunk=3))[1]
    look = "a row of dS sums to zero, because a row of P always sums to one: that is what subtracting D does"
    expect_close(dk.sum(-2), 0, tried="the sum of dk over all keys", tol=TOL, look=look)


@attention_backward.property("masks, causality and empty rows: right gradients, no NaN", after="backward_dk")
def backward_masked(student, rng):
    look = "pass mask and causal on to chunk_scores; for a row without keys lse is +inf, so that exp(-inf - inf) = 0"
    for title, named, mask, n_q in (
        ("row 2 of the mask is all False", "mask", with_empty_row(rng), 5),
        ("causal=True with 9 queries and 7 keys", "causal", staircase(9, 7), 9),
    ):
        args, want = backward_case(rng, mask=mask, n_q=n_q)
        options = {"mask": mask} if named == "mask" else {"causal": True}
        got = three(student.attention_backward(*args, **options, chunk=50))
        for name, mine, right in zip(("dq", "dk", "dv"), got, want, strict=True):
            expect_close(mine, right, tried=f"{title}: {name}", tol=TOL, look=look)


@attention_backward.property(
    "no tensor of the size queries x keys is made, and twice the length takes twice the memory", after="backward_shapes"
)
def backward_memory(student, rng):
    def meter(q, k, v, chunk):
        out, lse = torch.zeros_like(v), torch.zeros_like(q[..., 0])
        return measured(student, "attention_backward", torch.ones_like(v), q, k, v, out, lse, causal=True, chunk=chunk)

    no_square_matrix(meter, rng)
    grows_linearly(meter, rng)


@attention_backward.property("no argument is changed", after="backward_shapes")
def backward_pure(student, rng):
    args, _ = backward_case(rng)
    names = ("grad", "q", "k", "v", "out", "lse")
    with unchanged("random inputs, chunks of 3", **dict(zip(names, args, strict=True))):
        student.attention_backward(*args, chunk=3)
