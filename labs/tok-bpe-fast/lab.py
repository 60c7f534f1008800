# %% [markdown]
# # A fast BPE trainer
#
# Every large language model reads through a tokenizer, and the tokenizer is trained first. The algorithm fits into five
# sentences, and written down as it is said it would need days for a real corpus. Here you turn it into one that needs
# about a second for three million characters, in plain Python, **without changing a single merge**. You count each
# distinct word once, update only the counts that a merge can change, find the largest count with a heap that may be out
# of date, and share the reading among processes. Then it runs beside `rustbpe`, Hugging Face's `tokenizers` and
# `tiktoken`, and must come to their merges and their ids. On the way you answer two questions: **where does the time of
# an algorithm go, and how large should a vocabulary be?**

# %% [markdown]
# ## You will learn
#
# - to cut text into words by the rules of GPT-2, and to see why a tokenizer trains on distinct words and not on text;
# - to keep pair counts right by touching only the words that a merge touches;
# - to find the largest count with a heap whose entries may be stale, and to say exactly why this is safe;
# - to cut a long text so that several processes can count it and the result does not show it;
# - to encode with ranks and a cache, with the ids of `tiktoken`, on your merges and on those of the real GPT-2;
# - to read a study of vocabulary sizes: bytes per token, and the price of the wrong domain.
#
# ## You need
#
# Python: dictionaries with tuples as keys, sets, a class with methods, and the difference between `str` and `bytes` (in
# UTF-8 an "e" is one byte and an "é" is two). Of regular expressions: `[a-z]+`, `a|b`, `a?`. Byte-pair encoding itself is
# the topic of `tok-bpe`; what you need of it is said again below.

# %% tags=["parameters"]
PROFILE = None  # "cpu", "gpu" or "h100"; None: whatever this machine is

# %% setup=true
import base64
import heapq
import json
import multiprocessing
import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from itertools import pairwise

import numpy as np

import scratchlab
from scratchlab import plot

lab = scratchlab.start("tok-bpe-fast", PROFILE)
check, record, claim = lab.check, lab.record, lab.claim

# The libraries that you will race are parallel programs. One thread each; they read these switches when they start to work.
os.environ |= {"RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
import regex
import rustbpe
import tiktoken
import tokenizers

Pair = tuple[int, int]  # two token ids, the left one first

# %% [markdown]
# ## The problem: right, and far too slow
#
# A *byte-level BPE* vocabulary begins with 256 tokens, one for each byte; the id of a byte is its value. Training takes
# the text as bytes and looks for the pair of neighboring tokens that occurs most often. This pair becomes a new token
# with the next free id, and takes the place of the pair everywhere. Then it looks again, until the vocabulary is large
# enough. The list of pairs, the *merges*, is all that was learned: to encode a new text, repeat them in order.
#
# Merges happen inside of words only, so that "of the" never becomes one token. A word that occurs a thousand times
# therefore needs no more work than a word that occurs once: its pairs count a thousand times. So training starts from
# distinct words with their counts, and here is all of it, as it was said:


# %%
def merge_word(word: list[int], pair: Pair, new: int) -> list[int]:
    """The tokens of a word with each `pair` replaced by `new`, from left to right and without overlap: aaa becomes Xa."""
    merged, i = [], 0
    while i < len(word):
        found = tuple(word[i : i + 2]) == pair
        merged.append(new if found else word[i])
        i += 2 if found else 1
    return merged


def train_naive(words: dict[str, int], merges: int) -> list[Pair]:
    """The first `merges` merges for words with their counts. Everything is counted anew for each of them."""
    tokens, found = [list(word.encode()) for word in words], []
    while len(found) < merges:
        counts = defaultdict(int)
        for word, frequency in zip(tokens, words.values(), strict=True):
            for pair in pairwise(word):
                counts[pair] += frequency
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))  # the largest count; of equals, the smallest pair
        tokens = [merge_word(word, best, 256 + len(found)) for word in tokens]
        found.append(best)
    return found


# %%
def token_bytes(merges: list[Pair]) -> list[bytes]:
    """The bytes of each token, by id: the 256 single bytes, then one for each merge."""
    tokens = [bytes([value]) for value in range(256)]
    for left, right in merges:
        tokens.append(tokens[left] + tokens[right])
    return tokens


# %%
LOW = {"low": 5, "lower": 2, "newest": 6, "widest": 3}
first = train_naive(LOW, 6)
for pair, token in zip(first, token_bytes(first)[256:], strict=True):
    print(pair, token.decode())

# %% [markdown]
# Four words, six merges, by hand it would take you ten minutes. Check the first one: the pair (101, 115), "es", occurs
# in *newest* (6 times) and *widest* (3 times). So does "st", (115, 116), and here a rule is needed that is easily
# overlooked: **of pairs with equal counts the smallest wins**, where pairs compare as Python's tuples do, by their left
# ids first. Any rule would do, but all programs that shall agree must have the same one. This is that of Hugging Face's
# trainer and of `rustbpe`.
#
# Now real text: the State of the Union addresses, from 1790 on.


# %%
def speeches() -> list[str]:
    """The State of the Union addresses, 1790 to 2021."""
    return [path.read_text(encoding="utf-8") for path in sorted((lab.data("state-of-the-union") / "data").glob("*.txt"))]


def some_of(parts: list[str], size: int, seed: int) -> list[str]:
    """Parts of a collection in random order, as many as make `size` bytes; the last one is cut off there."""
    chosen, missing = [], size
    for number in np.random.default_rng(seed).permutation(len(parts)):
        part = parts[number].encode()[:missing].decode(errors="ignore")
        chosen.append(part)
        missing -= len(part.encode())
        if missing < 4:  # less than a letter of UTF-8 may need
            break
    return chosen


# %%
SPEECHES = speeches()
texts = some_of(SPEECHES, lab.params["train_bytes"], lab.seed)
print(f"{len(SPEECHES)} speeches, {sum(map(len, SPEECHES)):,} characters; for training {sum(map(len, texts)):,} of them.\n")
print(SPEECHES[-1][:300])

# %% [markdown]
# ## 1. Words by a regular expression
#
# What is a word? GPT-2 answered with five rules, and most models since then use them or a variant. At each place of the
# text, the first rule that fits takes as many characters as it can:
#
# | | what | examples |
# | --- | --- | --- |
# | 1 | the English endings `'s` `'t` `'re` `'ve` `'m` `'ll` `'d`, small letters only | `'s` in *it's* |
# | 2 | letters of any script, with **one** plain space in front if there is one | `House`, ` über` |
# | 3 | digits and other numbers, likewise | ` 1790`, `½` |
# | 4 | anything else that is not white space, likewise | ` (`, `...` |
# | 5 | white space; if something else follows, its last character is left for the next word | |
#
# The space belongs to the word behind it: ` House` inside of a sentence and `House` at its beginning are different words.
# And rule 5 is why: of the three spaces in `a   b`, two become a word of their own, and the third goes with the b.
#
# In the package `regex`, `\p{L}` is a letter and `\p{N}` a number of any script, `\s` is white space, and
# `[^\s\p{L}\p{N}]` is none of them. `(?!x)` looks ahead: it fits where no `x` follows, and takes nothing. `\S` is the
# opposite of `\s`.
#
# **Predict**: into which words do the rules cut `We'll see  3.50 _now_`? (There are two spaces before the 3.)
#
# **Write** `word_pattern`. Join the rules by `|`, in their order. If you need to group, write `(?:...)`: with plain
# parentheses, `findall` returns what stands in them and not the whole word.


# %% solution="word_pattern"
def word_pattern() -> str:
    """The regular expression, for the package `regex`, whose matches are the words of a text by the five rules.

    It has no capturing groups. Every character of a text is in exactly one match.
    """
    ### BEGIN SOLUTION
    endings = "'(?:[stmd]|re|ve|ll)"
    whitespace = r"\s+(?!\S)|\s+"  # the second only where a single white space, and no plain one, precedes something
    return rf"{endings}| ?\p{{L}}+| ?\p{{N}}+| ?[^\s\p{{L}}\p{{N}}]+|{whitespace}"
    ### END SOLUTION


# %%
def count_words(texts: Iterable[str]) -> Counter[str]:
    """How often each distinct word occurs in the texts."""
    find, counts = regex.compile(word_pattern()).findall, Counter()
    for text in texts:
        counts.update(find(text))
    return counts


# %%
assert regex.findall(word_pattern(), "It's 1790, Mr. Über!") == ["It", "'s", " 1790", ",", " Mr", ".", " Über", "!"]
assert regex.findall(word_pattern(), "a   b\n\nc") == ["a", "  ", " b", "\n", "\n", "c"]
assert count_words(["so so", " so"]) == {"so": 1, " so": 2}

# %% check="word_pattern" points=1
check("word_pattern")

# %% [markdown]
# **See it.** How many distinct words are there to train on, and how does this number grow with the text?

# %%
print(regex.findall(word_pattern(), "We'll see  3.50 _now_"))
sizes = [round(lab.params["train_bytes"] * share) for share in (0.02, 0.06, 0.25, 1)]
words = count_words(texts)
counted = [count_words(some_of(texts, size, lab.seed)) for size in sizes[:-1]] + [words]
plot.lines(
    {"all words": [sum(each.values()) for each in counted], "distinct words": [len(each) for each in counted]},
    xs=[size / 1e6 for size in sizes],
    log_x=True,
    log_y=True,
    x="text, megabytes",
    y="words",
    caption="Words in growing samples of the speeches, on logarithmic axes: all of them, and distinct ones.",
    alt="Two rising lines. All words grow in proportion to the text; distinct words grow much more slowly.",
)
print(f"{sum(words.values()):,} words, {len(words):,} distinct; the commonest: {words.most_common(6)}")

# %% [markdown]
# The lower line bends away: new words become rare (Heaps' law). Counting words once has made the work smaller by the
# distance between the lines, and the more text, the more it saves.
#
# Now race. A stopwatch first, one that shows the processor time of this process and not the time on the wall, so that
# other programs on the machine disturb it little. Then the naive trainer on a small sample.


# %%
def timed(function: Callable, *args) -> tuple:
    """What a call returns, and the seconds of processor time that it took."""
    begin = time.process_time()
    result = function(*args)
    return result, time.process_time() - begin


# %%
small = count_words(some_of(texts, lab.params["race_bytes"], lab.seed))
race_merges = lab.params["race_merges"]
naive_merges, seconds = timed(train_naive, small, race_merges)
whole = seconds / race_merges * (lab.params["vocab_size"] - 256) * len(words) / len(small)
print(f"naive, {len(small):,} distinct words, {race_merges} merges: {seconds:.2f} s")
print(f"at this rate, {len(words):,} words and a vocabulary of {lab.params['vocab_size']:,} take about {whole / 60:.1f} minutes")

# %% [markdown]
# Minutes, for three megabytes and a small vocabulary. GPT-4's has 100,000 tokens, and its corpus was larger by many
# powers of ten. Where does the time go? Each round counts everything, though the merge before it has changed very
# little.

# %% [markdown]
# ## 2. Count only what changes
#
# Let a word with frequency $f$ hold the tokens $\dots, x, a, b, y, \dots$, and let $(a, b)$ become the new token $n$. Of
# all its pairs only these change their counts:
#
# $$\underbrace{(x, a),\;(a, b),\;(b, y)}_{-f} \qquad\longrightarrow\qquad \underbrace{(x, n),\;(n, y)}_{+f}$$
#
# and words without the pair do not change at all. So keep the counts from merge to merge, together with an *index*: for
# each pair, the numbers of the words in which it occurs. A merge then looks up its words, and touches nothing else.
#
# Two details decide. The pairs in the formula can overlap: in $a\,b\,a\,b$ the right neighbor of the first $n$ is first
# an $a$ and then another $n$, and in $a\,a\,a$ the pair $(a, a)$ stands twice and is replaced once. The safe way: for
# each word, take away all pairs of the old word and add all pairs of the new one. The fast way handles the neighbors
# from left to right, in the word as it is at that moment. And the index may be **too large**: if a pair vanishes from a
# word, its number can stay in the set. It is found useless when its turn comes, and this costs less than keeping all
# sets exact.
#
# **Predict**: the small sample has as many distinct words as the last cell printed. How many of them does the first
# merge touch, and how many the last?
#
# **Write** `merge`. It changes the corpus that it gets. Which pairs can have *more* occurrences after it than before?
# These it returns.


# %%
class Corpus:
    """Distinct words during training, and what is known about their pairs.

    words: the tokens of each word. frequencies: how often each word occurs. counts: how often each pair occurs in the whole
    text; a pair that is gone counts 0 or is missing. where: for each pair the numbers of all words that hold it, and
    perhaps of others.
    """

    def __init__(self, words: dict[str, int]):
        self.words, self.frequencies = [list(word.encode()) for word in words], list(words.values())
        self.counts, self.where = defaultdict(int), defaultdict(set)
        for number, (word, frequency) in enumerate(zip(self.words, self.frequencies, strict=True)):
            for pair in pairwise(word):
                self.counts[pair] += frequency
                self.where[pair].add(number)


# %% solution="merge"
def merge(corpus: Corpus, pair: Pair, new: int) -> set[Pair]:
    """Replace `pair` by the token `new` in all words, from left to right, and bring counts and where up to date.

    Looks only at words that corpus.where names for the pair. Returns the pairs that arose: all those that the new token
    has formed with a neighbor.
    """
    ### BEGIN SOLUTION
    (a, b), counts, where, arose = pair, corpus.counts, corpus.where, set()
    for number in where.pop(pair, ()):
        word, frequency, i = corpus.words[number], corpus.frequencies[number], 0
        while i < len(word) - 1:
            if word[i] == a and word[i + 1] == b:
                word[i : i + 2] = [new]
                changes = [((word[i - 1], a), (word[i - 1], new))] if i else []
                if i < len(word) - 1:
                    changes.append(((b, word[i + 1]), (new, word[i + 1])))
                for before, after in changes:
                    counts[before] -= frequency
                    counts[after] += frequency
                    where[after].add(number)
                    arose.add(after)
            i += 1
    counts.pop(pair, None)
    return arose
    ### END SOLUTION


# %%
corpus = Corpus(LOW)
assert corpus.counts[101, 115] == 9 and len(corpus.where[101, 115]) == 2  # "es", in newest and widest
assert merge(corpus, (101, 115), 256) == {(119, 256), (100, 256), (256, 116)}  # w+es, d+es, es+t
assert not corpus.counts[101, 115] and corpus.counts[256, 116] == 9 and corpus.counts[119, 101] == 2  # w+e is left in lower

# %% check="merge" points=3
check("merge")


# %% [markdown]
# **See it.** The trainer of the beginning with its counting replaced; only the search for the best pair still looks at
# all pairs. How many words did each merge have to visit?


# %%
def train_scan(words: dict[str, int], merges: int) -> list[Pair]:
    """The first `merges` merges, with counts that are kept up to date; each merge searches all pairs for the best."""
    corpus, found = Corpus(words), []
    while len(found) < merges:
        best = min(corpus.counts, key=lambda pair: (-corpus.counts[pair], pair), default=None)
        if best is None or corpus.counts[best] < 1:
            break
        merge(corpus, best, 256 + len(found))
        found.append(best)
    return found


def visits(words: dict[str, int], merges: list[Pair]) -> list[int]:
    """How many words the index names for each of the merges, at its turn."""
    corpus, counts = Corpus(words), []
    for new, pair in enumerate(merges, 256):
        counts.append(len(corpus.where[pair]))
        merge(corpus, pair, new)
    return counts


# %%
visited = visits(small, naive_merges)
claim("with kept counts the merges are those of the naive trainer", train_scan(small, race_merges) == naive_merges)
print(f"visited by the first merge {visited[0]:,}, by the last {visited[-1]:,}, on average {np.mean(visited):,.0f} of {len(small):,} words")
plot.lines(
    {"naive trainer": np.cumsum([len(small)] * len(visited)), "with an index": np.cumsum(visited)},
    xs=range(1, len(visited) + 1),
    log_y=True,
    x="merges",
    y="words visited so far",
    caption="Words that had to be visited for the first merges, added up, on a logarithmic axis.",
    alt="Two rising curves far apart; the upper one, of the naive trainer, keeps rising while the lower one soon becomes nearly level.",
)

# %% [markdown]
# Even the commonest pair of all stands in few *distinct* words, and later merges touch fewer still. The distance between
# the curves is what the index is worth. What is left of the time now goes into the search for the largest count.

# %% [markdown]
# ## 3. A heap that may be out of date
#
# A *heap* is a list in which the smallest entry is always at the front; `heapq.heappush` and `heapq.heappop` cost a time
# that grows like the logarithm of its length. With entries `(-count, pair)`, the smallest entry is the largest count and,
# among equals, the smallest pair: the rule from above, at no cost.
#
# But counts change, and a heap cannot find an entry in its middle to correct it. The cure is to be **lazy**: leave wrong
# entries in, and look at the truth when one comes to the front. This is right because of one fact about BPE:
#
# > The count of a pair grows only in the merge in which the pair arises. From then on it can only shrink.
#
# For a new pair always holds the new token, and later merges make pairs with later tokens. So push each pair when it
# arises, and from then on its entry is an *upper bound* of its count. When an entry comes to the front, there are two
# cases:
#
# - it agrees with the count: then it is the best of all, because all others are at most what their entries say;
# - it does not: push it back with the true count, if that is above 0. It may still win, just not yet.
#
# **Predict**: what would go wrong if a stale entry were simply thrown away?
#
# **Write** `train`, with your `merge`. `heapq.heapify` makes a heap of a list.


# %% solution="train"
def train(words: dict[str, int], merges: int) -> list[Pair]:
    """The first `merges` merges for words with their counts, or fewer if no pair is left.

    Each merges the pair with the largest count, and of those with equal counts the smallest. The first new token is 256.
    """
    ### BEGIN SOLUTION
    corpus, found = Corpus(words), []
    heap = [(-count, pair) for pair, count in corpus.counts.items()]
    heapq.heapify(heap)
    while heap and len(found) < merges:
        bound, pair = heapq.heappop(heap)
        count = corpus.counts[pair]
        if count < 1:
            continue
        if count != -bound:
            heapq.heappush(heap, (-count, pair))
            continue
        for each in merge(corpus, pair, 256 + len(found)):
            heapq.heappush(heap, (-corpus.counts[each], each))
        found.append(pair)
    return found
    ### END SOLUTION


# %%
assert train(LOW, 6) == first
assert train({"aaaa": 1}, 10) == [(97, 97), (256, 256)]  # then the word is a single token

# %% check="train" points=2
check("train")

# %% [markdown]
# **See it.** The three trainers on the small sample take turns, three times; what is compared are medians.

# %%
TRAINERS = {"naive": train_naive, "kept counts": train_scan, "kept counts and heap": train}
steps = [race_merges // 3, 2 * race_merges // 3, race_merges]
turns = [{(name, n): timed(TRAINERS[name], small, n) for n in steps for name in TRAINERS}]
for _ in range(2):  # the naive trainer's short runs once will do
    turns.append({(name, n): timed(TRAINERS[name], small, n) for name, n in turns[0] if name != "naive" or n == race_merges})
medians = {run: float(np.median([turn[run][1] for turn in turns if run in turn])) for run in turns[0]}
plot.lines(
    {name: [medians[name, n] for n in steps] for name in TRAINERS},
    xs=steps,
    log_y=True,
    x="merges",
    y="processor time, seconds",
    caption="Processor time of three trainers that find the same merges, on a logarithmic axis.",
    alt="Three rising curves, far apart: the naive trainer on top, then kept counts, and lowest kept counts with a heap.",
)

# %%
seconds = {name: medians[name, race_merges] for name in TRAINERS}
for name in TRAINERS:
    print(f"{name:21s} {seconds[name]:7.3f} s, {seconds['naive'] / seconds[name]:6.1f} times the naive trainer's speed")
record("naive_ratio", seconds["naive"] / seconds["kept counts and heap"])
record("scan_ratio", seconds["kept counts"] / seconds["kept counts and heap"])
claim("all three find the same merges", all(turn[name, race_merges][0] == naive_merges for turn in turns for name in TRAINERS))
merges, whole_seconds = timed(train, words, lab.params["vocab_size"] - 256)
print(f"\n{sum(map(len, texts)):,} characters, vocabulary {256 + len(merges):,}: {whole_seconds:.2f} s after counting")
print("tokens 256 to 275:", token_bytes(merges)[256:276])
print("the longest ones: ", sorted(token_bytes(merges), key=len)[-8:])

# %% [markdown]
# Compare the time with the minutes that the naive trainer would have needed. Two data structures did this, and no
# compiled code. The gap between the lower two curves grows with every merge: there are ever more pairs to search, and a
# heap hardly notices.

# %% [markdown]
# ## 4. Many readers, one count
#
# Training no longer takes long; counting the words of a corpus of hundreds of gigabytes does. That part shares well:
# cut the text into pieces, count each in a process of its own, and add up. If only the pieces are cut in the right
# places. A cut through *State* makes two words that do not exist, and nobody would notice: the counts look fine.
#
# A place is **safe** if the pieces, cut there, have the same words as the whole text. By the five rules, a plain space
# that follows something other than white space always begins a new word, and nothing that comes before it has any
# influence on how the text behind it is cut (the only rule that looks around is the fifth, and it looks ahead from white
# space). So you may cut *before* such a space.
#
# **Predict**: why not behind the space? And why not before the second of two spaces?
#
# **Write** `cut`. `text.find(" ", start)` gives the next space from `start` on, or -1.


# %% solution="cut"
def cut(text: str, size: int) -> list[str]:
    """Pieces of a text that together have the same words as the whole text; joined, they are the text.

    Each piece but the last ends at the first safe place at or after `size` of its own characters (size >= 1): before a
    plain space that follows a character other than white space. An empty text has no pieces.
    """
    ### BEGIN SOLUTION
    pieces, start = [], 0
    while start < len(text):
        end = text.find(" ", start + size)
        while end > 0 and text[end - 1].isspace():
            end = text.find(" ", end + 1)
        end = len(text) if end < 0 else end
        pieces.append(text[start:end])
        start = end
    return pieces
    ### END SOLUTION


# %%
assert cut("we the people", 1) == ["we", " the", " people"]
assert cut("we the people", 3) == ["we the", " people"]  # place 2 is safe, but too early
assert cut("one  two", 3) == ["one", "  two"] and cut("one  two", 4) == ["one  two"]

# %% check="cut" points=1
check("cut")


# %% [markdown]
# The processes come from Python's `multiprocessing`. They are *forked*: each is a copy of this one, so it knows the
# functions of this notebook, which a freshly started Python would not. (`torch-datasets` tells more about it.) Where a
# system cannot fork, as Windows, one process does all the work: the same result, later.


# %%
def count_piece(piece: str) -> Counter[str]:
    """How often each distinct word occurs in one piece of text; this runs in the workers."""
    return count_words([piece])


def count_parallel(text: str, size: int, processes: int) -> Counter[str]:
    """How often each distinct word occurs in a text, counted by several processes in pieces of about `size` characters."""
    pieces, total = cut(text, size), Counter()
    if processes == 1 or "fork" not in multiprocessing.get_all_start_methods():
        counts = map(count_piece, pieces)
    else:
        with multiprocessing.get_context("fork").Pool(processes) as pool:
            counts = pool.map(count_piece, pieces, chunksize=1)
    for each in counts:
        total.update(each)
    return total


# %%
joined = "\n".join(texts)
expected = count_words([joined])
for processes in (1, 2, 3):
    begin = time.perf_counter()
    same = count_parallel(joined, 400_000, processes) == expected
    print(f"{processes} processes: counts {'equal' if same else 'differ'}, {time.perf_counter() - begin:.2f} s on the wall")
    claim(f"{processes} processes count what one pass over the whole text counts", same)
careless = count_words(joined[start : start + 1000] for start in range(0, len(joined), 1000))
print(f"cut every 1,000 characters, wherever that is: {len(careless) - len(expected):,} words that do not exist")

# %% [markdown]
# What the wall clock shows depends on the free cores of your machine. One more trap is hidden here. `pool.map` gives the
# pieces back in their order; a program that adds up whatever is finished first has the same counts in a dictionary of
# another *order* each time. A trainer that settles ties by "the first that I find" would then give other merges from run
# to run. Yours does not, thanks to the rule for ties.
#
# ### Is it worth it?
#
# **Amdahl's law**: if a share $s$ of the time can be divided among $P$ processes and the rest cannot, the whole
# becomes faster by $1 / (1 - s + s/P)$, and never by more than $1/(1-s)$. Here $s$ is the share of counting. **Predict**:
# does it grow or shrink with the text? The first figure knows.

# %%
portions = [round(sum(map(len, SPEECHES)) * share) for share in (0.03, 0.15, 1)]
shares = []
for portion in portions:
    sample, counting = timed(count_words, some_of(SPEECHES, portion, lab.seed))
    _, merging = timed(train, sample, lab.params["vocab_size"] - 256)
    shares.append(counting / (counting + merging))
    best = 1 / (1 - shares[-1])
    print(
        f"{portion / 1e6:5.1f} MB: counting {counting:.2f} s, merging {merging:.2f} s; share of counting {shares[-1]:.0%}, limit {best:.1f}x"
    )
record("counting_share", shares[-1])
claim("in more text, counting takes a larger share of the time", shares[-1] > 1.3 * shares[0])
plot.lines(
    {f"{p / 1e6:.1f} MB": [1 / (1 - s + s / n) for n in range(1, 17)] for p, s in zip(portions, shares, strict=True)},
    xs=list(range(1, 17)),
    x="processes that count",
    y="speed of the whole training",
    caption="What Amdahl's law promises for the shares that were measured: vocabulary 4,096, texts of three sizes.",
    alt="Three curves that start at 1 and flatten out. The more text, the higher they get; the lowest hardly rises at all.",
)

# %% [markdown]
# The text grows, distinct words hardly do, so counting takes over. For small texts more processes are a waste; for a
# corpus of the web, counting is everything, and it shares well. (The largest sample is *all* speeches.)

# %% [markdown]
# ## 5. Encode: ranks and a cache
#
# To encode a text, cut it into words and repeat the merges in each. Running through all the merges for every word would
# be the naive way again. Turn it around: look which neighbors in *this* word could be merged, do the one that was
# learned **earliest**, and repeat until nothing can be merged.
#
# Programs such as `tiktoken` keep the vocabulary as *ranks*: a dictionary from the bytes of a token to its id, where
# ids grow in the order of the merges. The neighbors $u, v$ can be merged if $u + v$ is a token, and its rank says when.
#
# $$\text{merge the neighbors } u, v \text{ with the smallest } \operatorname{rank}(u + v), \text{ the leftmost of them first.}$$
#
# And since most words of a text are old acquaintances, remember the ids of each word that was met.
#
# **Predict**: how many of the words of a new speech will not have occurred before in it? One in two, five, twenty?
#
# **Write** `encode_word` and `encode`. Single bytes are tokens as well, and their ids are found in `self.ranks`, too:
# in GPT-2's vocabulary the byte 33 has the id 0.


# %% solution="encode"
class Encoder:
    """Turns text into token ids. ranks: the id of each token, by its bytes. cache: the ids of each word that was met.

    Define encode(self, text): the ids of a text, as a list. It calls encode_word only for words that are not in the cache.
    """

    def __init__(self, ranks: dict[bytes, int]):
        self.ranks, self.cache = ranks, {}
        self.find_words = regex.compile(word_pattern()).findall

    def encode_word(self, word: bytes) -> list[int]:
        """The ids of one word: its bytes, merged in the order of the ranks."""
        ### BEGIN SOLUTION
        ranks, never, parts = self.ranks, np.inf, [word[i : i + 1] for i in range(len(word))]
        while len(parts) > 1:
            found = [ranks.get(left + right, never) for left, right in pairwise(parts)]
            earliest = min(found)
            if earliest == never:
                break
            i = found.index(earliest)
            parts[i : i + 2] = [parts[i] + parts[i + 1]]
        return [ranks[part] for part in parts]

    def encode(self, text: str) -> list[int]:
        """The ids of a text."""
        ids = []
        for word in self.find_words(text):
            if word not in self.cache:
                self.cache[word] = self.encode_word(word.encode())
            ids += self.cache[word]
        return ids
        ### END SOLUTION


# %%
def make_ranks(merges: list[Pair]) -> dict[bytes, int]:
    """The id of each token by its bytes: 0 to 255 for the single bytes, then one for each merge."""
    return {token: number for number, token in enumerate(token_bytes(merges))}


def decode(ids: list[int], merges: list[Pair]) -> str:
    """The text of token ids; bytes that are not valid UTF-8 show as a replacement character."""
    tokens = token_bytes(merges)
    return b"".join(tokens[number] for number in ids).decode(errors="replace")


# %%
small_encoder = Encoder(make_ranks(first))
assert small_encoder.encode("lowest") == [259, 257]  # low + est, a word that the training never saw
assert decode(small_encoder.encode("Über den Wolken 🙂"), first) == "Über den Wolken 🙂"

# %% check="encode" points=2
check("encode")

# %% [markdown]
# **See it.** Three lines in the vocabulary of your three megabytes of speeches; dots mark where tokens meet. Then a
# million characters of speeches that the training has not seen, with the cache and without.


# %%
ranks = make_ranks(merges)
encoder = Encoder(ranks)
for sample in ("To the Senate and the House of Representatives", "Call me Ishmael. Some years ago", 'stroke-linecap="round" d="M48,31c0'):
    print("·".join(token_bytes(merges)[number].decode(errors="replace") for number in encoder.encode(sample)))

# %%
begun = {text[:200] for text in texts}  # the last of the texts is only a part of its speech
fresh = "\n".join(text for text in SPEECHES if text[:200] not in begun)[:1_000_000]
ids, with_cache = timed(Encoder(ranks).encode, fresh)
all_words = regex.findall(word_pattern(), fresh)
some_words = [word.encode() for word in all_words[:20_000]]
_, without_cache = timed(lambda: [encoder.encode_word(word) for word in some_words])
print(f"{len(set(all_words)) / len(all_words):.1%} of {len(all_words):,} words were new when they came")
record("cache_ratio", (without_cache / len(some_words)) / (with_cache / len(all_words)))
claim("decoding returns the text", decode(ids, merges) == fresh)

# %% [markdown]
# The ratio is the time for a word without the cache over that with it. Compare it with the share of words that were new:
# what remains of the time goes into cutting the text and looking words up. A service that runs for months would limit
# the size of its cache; Python's `functools.lru_cache` is one way.
#
# ## Experiment: how large a vocabulary, and for what?
#
# A larger vocabulary makes texts shorter, which saves a model time in every layer. It also makes the embedding and the
# output layer larger, and its rarest tokens are seldom seen in training. The measure is *bytes per token* on text that
# was held out: the size of the text in UTF-8 over the number of its tokens. It has a limit. No token is longer than its
# word, so no vocabulary gets beyond the *bytes per word*.
#
# Merges are learned in order, so a vocabulary of 1,024 is the *beginning* of one of 4,096: train and encode once at the
# largest size, then undo one merge after the other, the last first. Each token that is undone becomes two.


# %%
def tokens_by_size(merges: list[Pair], counts: np.ndarray) -> np.ndarray:
    """How many tokens a text has with the vocabularies of size 256, 257, ..., shape (number of merges + 1,).

    counts: how often each token occurs in the text with all merges, shape (256 + number of merges,).
    """
    counts, totals = counts.tolist(), [int(counts.sum())]
    for new in range(255 + len(merges), 255, -1):
        for part in merges[new - 256]:
            counts[part] += counts[new]
        totals.append(totals[-1] + counts[new])
    return np.array(totals[::-1])


def token_counts(words: dict[str, int], encoder: Encoder) -> np.ndarray:
    """How often each token occurs in a text of these words, shape (size of the vocabulary,)."""
    counts = [0] * len(encoder.ranks)
    for word, frequency in words.items():
        for number in encoder.encode_word(word.encode()):
            counts[number] += frequency
    return np.array(counts)


# %%
shorter = [len(Encoder(make_ranks(merges[:n])).encode(fresh[:20_000])) for n in (0, 244, 1000)]
counts = token_counts(count_words([fresh[:20_000]]), Encoder(ranks))
assert tokens_by_size(merges, counts)[[0, 244, 1000]].tolist() == shorter

# %% [markdown]
# Three domains: the speeches, the chapters of *Moby-Dick*, and drawings, the source text of the OpenMoji as SVG, which
# stands for code and markup. Every domain gives the same number of bytes to train on, and others that are held out. For
# each of five seeds the parts are dealt anew, a vocabulary is trained on each domain, and each is tried on the held-out
# text of all three. **Predict**: by how much do the speeches' tokens fall short on the novel, and on drawings?


# %%
def chapters() -> list[str]:
    """The chapters of Moby-Dick."""
    files = sorted((lab.data("moby-dick") / "package" / "data").glob("chapter_*.json"))
    return [json.loads(path.read_text(encoding="utf-8"))["text"] for path in files]


def drawings() -> list[str]:
    """The source text of the first 1,000 color pictures of OpenMoji, by file name."""
    return [path.read_text(encoding="utf-8") for path in sorted((lab.data("openmoji") / "color" / "svg").glob("*.svg"))[:1000]]


DOMAINS = {"speeches": speeches, "novel": chapters, "drawings": drawings}


# %%
def split(parts: list[str], seed: int) -> list[list[str]]:
    """Parts to train on and, of the others, parts that are held out; sizes in bytes as in the lab's parameters."""
    order = np.random.default_rng(seed).permutation(len(parts))
    cut_at = round(0.75 * len(parts))
    train_parts, held_out = ([parts[i] for i in numbers] for numbers in (order[:cut_at], order[cut_at:]))
    return [some_of(train_parts, lab.params["study_bytes"], seed), some_of(held_out, lab.params["held_out_bytes"], seed)]


def study(seed: int) -> np.ndarray:
    """Bytes per token, shape (trained on, tried on, merges + 1), for the domains in order."""
    splits = {name: [count_words(each) for each in split(PARTS[name], seed)] for name in DOMAINS}
    rows = []
    for learned, _ in splits.values():
        merges = train(learned, lab.params["largest_vocabulary"] - 256)
        encoder = Encoder(make_ranks(merges))
        held_out = [words for _, words in splits.values()]
        sizes = [sum(len(word.encode()) * frequency for word, frequency in words.items()) for words in held_out]
        tokens = [tokens_by_size(merges, token_counts(words, encoder)) for words in held_out]
        rows.append([size / each for size, each in zip(sizes, tokens, strict=True)])
    return np.array(rows)


# %%
PARTS = {name: read() for name, read in DOMAINS.items()}
found = np.array([study(seed) for seed in lab.seeds(lab.params["seeds"])])  # (seeds, trained on, tried on, merges + 1)


def interval(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the 95 % interval of the mean over the first axis, by Student's t for five values of it."""
    half = 2.776 * values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return values.mean(axis=0) - half, values.mean(axis=0) + half


# %%
doublings = [2**k for k in range(8, 20) if 2**k <= lab.params["largest_vocabulary"]]
own = found[:, range(3), range(3)][..., np.array(doublings) - 256]  # (seeds, domain, size)
plot.lines(
    {name: own[:, i].mean(axis=0) for i, name in enumerate(DOMAINS)},
    bands={name: interval(own[:, i]) for i, name in enumerate(DOMAINS)},
    xs=doublings,
    log_x=True,
    x="size of the vocabulary",
    y="bytes per token, held-out text",
    caption="Bytes per token of vocabularies trained on the same domain: means over five splits, with 95 % intervals.",
    alt="Three rising curves that start at 1 for a vocabulary of 256; all of them rise more slowly from doubling to doubling.",
)
for i, name in enumerate(DOMAINS):
    steps, some = np.diff(own[:, i], axis=1).mean(axis=0), count_words(some_of(PARTS[name], lab.params["study_bytes"], lab.seed))
    limit = sum(len(word.encode()) * count for word, count in some.items()) / sum(some.values())
    print(f"{name:9s} the doublings add {steps.round(2)}, in all {own[:, i, -1].mean():.2f} bytes per token; bytes per word {limit:.2f}")

# %%
at = lab.params["vocab_size"] - 256
extra = found[:, range(3), range(3), at][:, None] / found[..., at] - 1  # (seeds, trained on, tried on): tokens more than with one's own
for i, name in enumerate(DOMAINS):
    for j, other in enumerate(DOMAINS):
        low, high = interval(extra[:, i, j])
        print(f"trained on {name:9s} tried on {other:9s} {found[:, i, j, at].mean():.2f} bytes per token, "
              f"{extra[:, i, j].mean():+6.1%} tokens (95 % interval {low:+.1%} to {high:+.1%})")  # fmt: skip
plot.heatmap(
    found[..., at].mean(axis=0),
    rows=DOMAINS,
    columns=DOMAINS,
    x="tried on",
    y="trained on",
    caption=f"Bytes per token with a vocabulary of {lab.params['vocab_size']:,}: three domains to train on and to try on.",
    alt="A table of three by three numbers. In each column the diagonal is largest; drawings and texts are far apart.",
)

# %%
for name, i in (("speeches", 0), ("novel", 1), ("drawings", 2)):
    record(f"bytes_per_token_{name}", found[:, i, i, at].mean())
record("extra_tokens_novel", extra[:, 0, 1].mean())
record("extra_tokens_drawings", extra[:, 0, 2].mean())
claim("in every seed, each text is shortest in the vocabulary of its own domain", np.all(extra[:, ~np.eye(3, dtype=bool)] > 0))
gains = np.diff(own, axis=2)  # (seeds, domain, doubling)
claim("in every seed and domain the last doubling gains less than the first", np.all(gains[..., -1] < gains[..., 0]))

# %% [markdown]
# Read the table by columns. The novel pays a moderate price for the tokens of politics: it is English all the same, and
# its commonest words are theirs. Drawings pay a great deal, and a vocabulary of drawings is nearly useless for prose.
# The two errors are not alike, either; compare the prices in both directions.
#
# And the curves: each doubling of the vocabulary doubles the rows of the embedding, and the last one buys less than the
# first. For the drawings almost nothing is left to buy. Compare what they have with their bytes per word: it is the
# *pattern* that stops them. It cuts `13.69` into three words and `"/>` off from everything else. A code tokenizer begins
# with another pattern. Look at the intervals, too. For the novel and the drawings they are hardly visible; the
# speeches were written over 230 years, and which of them are held out makes a difference.
#
# ## Against the real thing
#
# First the merges. `rustbpe` is the trainer of Karpathy's `nanochat`, in Rust; it takes texts and your pattern. Hugging
# Face's trainer numbers the bytes in another order, so that ties fall differently. To give it yours, hand it the words as
# *Latin-1*, the encoding in which character number $k$ is the byte $k$.


# %%
def train_rust(texts: list[str], size: int) -> list[bytes]:
    """The tokens of a vocabulary of `size`, by rustbpe."""
    trainer = rustbpe.Tokenizer()
    trainer.train_from_iterator(iter(texts), vocab_size=size, pattern=word_pattern())
    return [bytes(token) for token, _ in trainer.get_mergeable_ranks()]


def train_hugging_face(texts: list[str], size: int) -> tokenizers.Tokenizer:
    """A vocabulary of `size` by Hugging Face's trainer, set up as it is usually done."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    pieces = tokenizers.pre_tokenizers.Split(tokenizers.Regex(word_pattern()), "isolated")
    as_bytes = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.pre_tokenizer = tokenizers.pre_tokenizers.Sequence([pieces, as_bytes])
    made.train_from_iterator(texts, trainer_of(size, as_bytes.alphabet()))
    return made


def trainer_of(size: int, alphabet: list[str]) -> tokenizers.trainers.BpeTrainer:
    """Hugging Face's trainer for a vocabulary of `size` that begins with an alphabet."""
    return tokenizers.trainers.BpeTrainer(vocab_size=size, initial_alphabet=alphabet, show_progress=False)


# %%
def latin(data: bytes) -> str:
    """Bytes as the characters with their numbers."""
    return data.decode("latin-1")


def hugging_face_tokens(words: Counter[str], size: int) -> list[bytes]:
    """The tokens of a vocabulary of `size` by Hugging Face's trainer, from words with their counts, ids of bytes as ours."""
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.train_from_iterator((latin(word.encode()) for word in words.elements()), trainer_of(size, [chr(value) for value in range(256)]))
    return [made.id_to_token(number).encode("latin-1") for number in range(made.get_vocab_size())]


# %%
size = lab.params["vocab_size"]
claim(f"rustbpe finds your {len(merges):,} merges, all of them in your order", train_rust(texts, size) == token_bytes(merges))
some_words = count_words(some_of(texts, 300_000, lab.seed))
same = hugging_face_tokens(some_words, 2048) == token_bytes(train(some_words, 2048 - 256))
claim("Hugging Face's trainer, on a tenth of the text, finds your 1,792 merges in your order", same)

# %% [markdown]
# Then the clock: three trainers, the same texts, the same vocabulary, one thread each. They take turns, and the ratios
# are of medians. Reading the words is included, since all of them have to.

# %%
race = some_of(texts, lab.params["train_bytes"] // 5, lab.seed)
RACERS = {
    "you": lambda: train(count_words(race), size - 256),
    "rustbpe": lambda: train_rust(race, size),
    "Hugging Face": lambda: train_hugging_face(race, size),
}
rounds = [{name: timed(racer)[1] for name, racer in RACERS.items()} for _ in range(lab.params["rounds"])]
medians = {name: float(np.median([each[name] for each in rounds])) for name in RACERS}
plot.bars(
    medians,
    y="processor time, seconds",
    caption=f"Training on {sum(map(len, race)) / 1e6:.1f} million characters to a vocabulary of {size:,}, one thread: medians.",
    alt="Three bars: rustbpe is the lowest; you and Hugging Face are several times as high.",
    width=4.6,
)
for name in RACERS:
    print(f"{name:12s} {medians[name]:.3f} s, {medians[name] / medians['rustbpe']:.1f} times rustbpe")
record("rustbpe_ratio", medians["you"] / medians["rustbpe"])
record("hugging_face_ratio", medians["you"] / medians["Hugging Face"])
claim("in plain Python you need at most 15 times as long as rustbpe", medians["you"] <= 15 * medians["rustbpe"])

# %% [markdown]
# Now the ids. `tiktoken` and Hugging Face's encoder get your merges; and you get those of the real GPT-2, 50,000 of them,
# in the order of OpenAI's own file.

# %%
theirs = tiktoken.Encoding("speeches", pat_str=word_pattern(), mergeable_ranks=ranks, special_tokens={})
claim("tiktoken gives your ids for a million characters that nobody trained on", theirs.encode_ordinary(fresh) == ids)
strings = [latin(token) for token in token_bytes(merges)]
pairs = [(strings[left], strings[right]) for left, right in merges]
model = tokenizers.models.BPE({string: number for number, string in enumerate(strings)}, pairs)
distinct = list(count_words([fresh]))
encoded = tokenizers.Tokenizer(model).encode_batch([latin(word.encode()) for word in distinct])
claim("so does Hugging Face's encoder, word by word", all(a.ids == encoder.encode(word) for a, word in zip(encoded, distinct, strict=True)))

# %%
lines = (lab.data("gpt-tokens") / "r50k_base.tiktoken").read_text().splitlines()
gpt2_ranks = {base64.b64decode(token): int(number) for token, number in map(str.split, lines)}
gpt2 = tiktoken.Encoding("gpt2", pat_str=word_pattern(), mergeable_ranks=gpt2_ranks, special_tokens={})
novel = "".join(PARTS["novel"])
mine = Encoder(gpt2_ranks).encode(novel)
claim("with GPT-2's merges your encoder gives GPT-2's ids for the whole of Moby-Dick", mine == gpt2.encode_ordinary(novel))
print(f"GPT-2's {len(gpt2_ranks):,} tokens: {len(novel.encode()) / len(mine):.2f} bytes per token on the novel")
turns = [[timed(each, fresh)[1] for each in (Encoder(ranks).encode, theirs.encode_ordinary)] for _ in range(lab.params["rounds"])]
record("tiktoken_ratio", np.median(turns, axis=0)[0] / np.median(turns, axis=0)[1])

# %% [markdown]
# How near did plain Python come? The numbers above say it. What the libraries do better:
#
# - **`rustbpe`** counts on all cores, and its tokens are 32-bit numbers side by side where yours are Python objects. The
#   algorithm is the same, to be read in its `src/lib.rs`: an index, counts that change by differences, and a heap whose
#   entries are refreshed when they come to the front.
# - **`tokenizers`** is a whole pipeline: normalization, many models, special tokens, padding, the offsets of each token
#   in the text, and files that others can load.
# - **`tiktoken`** encodes many texts at a time on all cores, and it does not collapse on a word of a hundred thousand
#   letters, for which `encode_word` needs a time that grows with the square (exercise 4).
#
# And be fair to yourself and to them: your words are cut by `regex`, which is compiled, too. Without it, counting would
# take most of your time.
#
# Train with `rustbpe` or `tokenizers`, encode with `tiktoken`. You know now what they do, to the last id.

# %% [markdown] answer="choose-size" points=2
# ## In your own words
#
# A team has a decoder of 12 layers and width 768 with 85 million parameters in its layers. Embedding and output layer
# share one matrix of $V$ rows. They hesitate between $V = 2{,}048$ and $V = 4{,}096$ for texts like the speeches.
#
# 1. From your study, how many tokens does the larger vocabulary save on the speeches? (Bytes per token at both sizes are
#    in `own[:, 0]`; the last two columns.) What does it add to the parameters, in percent?
# 2. Their texts turn out to be half drawings. Name one effect on training, and one on the users who pay by the token, and
#    say what you would train the vocabulary on.
# 3. A colleague wants to skip the rule for ties "since it only matters for rare pairs". Describe a case in which it does
#    damage.
#
# ### BEGIN SOLUTION
# 1. In the run: about 3.65 and 4.3 bytes per token, so the number of tokens is multiplied by 3.65/4.3, about 15 %
#    fewer. The matrix grows by 2,048 times 768, 1.6 million, 1.8 % of 86.6 million. (Each token also needs more work in
#    the output layer.)
# 2. Drawings take over 1.5 times as many tokens as with their own vocabulary, so less content fits into the context and
#    each drawing costs more steps of training; users of drawings pay as much more for the same content. Train it on a
#    sample mixed as the texts will be, half of each.
# 3. Training in parallel, or on another machine or Python version, meets the pairs in another order. One tie that is
#    broken differently changes all later ids, so a model gets wrong tokens with the other vocabulary file although both
#    files were made from the same text. Ties are frequent late in training, where counts are small.
#
# *Rubric*: 1 point for part 1 (a saving between 13 and 17 %, and 1.7 to 1.9 %; half a point if one is missing). Half a
# point for two effects and a mixed sample. Half a point for a case in which two vocabularies differ and ids no longer
# fit.
# ### END SOLUTION

# %% [markdown]
# ## Common mistakes
#
# - **`\w` for letters.** It also takes digits and the underscore, and then `x_1` and `1790s` become single words.
# - **Parentheses that capture.** `findall` returns what stands in them, most of it empty strings. Write `(?:...)`.
# - **Pairs of a word counted once.** In *banana*, "an" occurs twice, so it counts twice the frequency.
# - **The right neighbor looked up before the left merge is done.** In $a\,b\,a\,b$ the new tokens are neighbors of each
#   other.
# - **A stale entry thrown away.** Its pair never comes back, and nobody notices: the vocabulary is merely worse.
# - **A heap of `(count, pair)` negated as a whole**, or `max(counts, key=counts.get)`: ties go to the largest pair, or to
#   whichever was counted first.
# - **Byte values for ids.** Only in a vocabulary that you numbered yourself; not in GPT-2's.
# - **Tokens per word** compared among vocabularies. What a word is, is up to the pattern; bytes are there before any
#   tokenizer.
#
# ## Scale it up
#
# There is a `cpu` profile only: all of this is looking things up and changing them in place, one thing after the other,
# and a GPU has nothing to multiply. What helps is more cores for the counting, and the fourth section told how many. To
# see it at full size, give `texts` all 10.8 million characters and ask for 32,768 tokens; then for text of your own by
# the gigabyte, read it piece by piece, so that only counts stay in memory. Vocabularies for many scripts are the topic
# of `tok-multilingual`, and feeding the ids to a model without ever stopping that of `tok-streaming`.
#
# ## Exercises
#
# 1. [conceptual] Prove the fact of section 3 for runs such as $a\,a\,a\,a$: why can merging $(a, a)$ never raise the
#    count of an older pair? *Success*: your argument names which token each new pair holds, and needs no example.
# 2. [short-code] GPT-4 cuts numbers into groups of at most three digits and lets letters follow one character of any
#    other kind. Write its pattern from the description in the file `openai_public.py` of `tiktoken` (`cl100k_base`),
#    and encode with `cl100k_base.tiktoken` from `lab.data("gpt-tokens")`. *Success*: your ids for *Moby-Dick* equal
#    those of `tiktoken`.
# 3. [short-code] Is `cut` still safe for that pattern? Then relax it: allow a cut before any white space that follows
#    another character. *Success*: a text on which the relaxed `cut` fails with GPT-4's pattern and not with GPT-2's.
# 4. [short-code] Encode `"a" * 5_000` with the tokens of `train({"a" * 64: 1}, 6)` added to the 256 bytes, first with
#    `encode_word`, then with a heap and links to both neighbors. *Success*: equal ids, and twice the length takes about
#    twice the time.
# 5. [extended] Add a minimal count and a largest token length to `train`, and repeat the study with a largest length of
#    8 bytes. *Success*: a figure of bytes per token with and without the limit, with intervals over five seeds.
# 6. [extended] *BPE dropout*: while encoding, skip each possible merge with probability 0.1. *Success*: decoding still
#    returns the text, and with probability 0 the ids are those of `encode`.
#
# ## References
#
# - P. Gage (1994). *A new algorithm for data compression.* The C Users Journal 12(2). Pairs of bytes, replaced one
#   after another.
# - R. Sennrich, B. Haddow and A. Birch (2016). *Neural machine translation of rare words with subword units.* ACL.
#   <https://arxiv.org/abs/1508.07909>. Section 3.2, and the example of *low* and *lower*.
# - A. Radford et al. (2019). *Language models are unsupervised multitask learners.* Section 2.2: bytes, and merges that
#   do not cross kinds of characters.
# - V. Zouhar et al. (2023). *A formal perspective on byte-pair encoding.* Findings of ACL.
#   <https://arxiv.org/abs/2306.16837>. The faster algorithm with a queue, and its analysis.
# - M. Berglund and B. van der Merwe (2023). *Formalizing BPE tokenization.* <https://arxiv.org/abs/2309.08715>. When
#   encoders by merges and by ranks agree.
# - C. Tao et al. (2024). *Scaling laws with vocabulary: larger models deserve larger vocabularies.* NeurIPS.
#   <https://arxiv.org/abs/2407.13623>.
# - I. Provilkov, D. Emelianenko and E. Voita (2020). *BPE-dropout.* ACL. <https://arxiv.org/abs/1910.13267>. Exercise 6.
# - G. M. Amdahl (1967). *Validity of the single processor approach to achieving large scale computing capabilities.*
#   AFIPS 30. <https://doi.org/10.1145/1465482.1465560>.
# - The programs: <https://github.com/karpathy/rustbpe>, <https://github.com/huggingface/tokenizers>,
#   <https://github.com/openai/tiktoken>. The drawings: OpenMoji, CC BY-SA 4.0, <https://openmoji.org>.
