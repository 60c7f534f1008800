"""What proves the answers of the lab tok-bpe-fast right.

References in given.py count everything anew and so are slow and simple. While a later task is checked, answers to earlier ones are
replaced by them. What must be watched at work (which words are looked at, which are encoded) is watched beside the learner's code.
"""

import string
from itertools import pairwise

import regex

from scratchlab.checks import Wrong, beside, describe, expect, given, load_given, task

references = load_given(__file__)


def run(student, function, *args, tried):
    """What a function returns that runs the learner's code; a message if it does not come to an end."""
    end = beside(student, references.bounded)(function, *args)
    if "value" not in end:
        look = "is there a loop that never ends? Does every turn of it change what it waits for?"
        raise Wrong(tried=tried, got="no end within 2 s; milliseconds are enough", expected="an answer", look=look)
    return end["value"]


# ---------------------------------------------------------------- 1. words

word_pattern = task(
    "word_pattern",
    hints=(
        "One alternative for each rule, joined by |. The regular expression takes the first that fits, so the order is that of the table.",
        "Rules 2 to 4 have one form: ` ?` and then one or more of a class. Rule 5 needs two: a run of white space that is not followed "
        "by something else, and, where that is impossible, any white space.",
        "`'(?:s|t|re|ve|m|ll|d)`, ` ?\\p{L}+`, the same with \\p{N} and with [^\\s\\p{L}\\p{N}], then `\\s+(?!\\S)` and `\\s+`",
    ),
)

ALPHABET = [*"abzABZ'stdmlre   \n\t_-.,!?0123½²éßж中🙂\u0301\u00a0", "'ll", "'re", "'S", "  ", "   "]


def nasty(rng, length=60):
    """Random text of letters of many scripts, endings, digits, signs, and white space of all kinds."""
    return "".join(ALPHABET[place] for place in rng.integers(len(ALPHABET), size=length))


def words_of(student, text, tried):
    """The matches of the learner's pattern in a text; a message if there are none to be had."""
    pattern = student.word_pattern()
    if not isinstance(pattern, str):
        raise Wrong(tried="word_pattern()", got=describe(pattern), expected="a str", look="return the expression, not what it finds")
    try:
        return [found.group() for found in regex.finditer(pattern, text, timeout=5)]
    except regex.error as error:
        raise Wrong(tried="word_pattern()", got=f"{pattern!r}: {error}", expected="a regular expression", look=str(error)) from None
    except TimeoutError:
        look = "can the same characters be taken in very many ways, as by (a+)+?"
        raise Wrong(tried=tried, got="no end within 5 s", expected="its words", look=look) from None


def expect_words(student, text, look):
    """Whether the learner's pattern cuts a text as GPT-2's does."""
    tried, want = f"the text {text!r}", regex.findall(references.PATTERN, text)
    got = words_of(student, text, tried)
    expect(got == want, tried=tried, got=got, expected=want, look=look)


@word_pattern.property("every character is in exactly one word, and there are no capturing groups")
def loses_nothing(student, rng):
    for _ in range(5):
        text = nasty(rng)
        tried = f"the text {text!r}, and its words joined again"
        got = words_of(student, text, tried)
        groups = regex.compile(student.word_pattern()).groups
        look = "findall returns what stands in parentheses; if you only want to group, write (?:...)"
        expect(groups == 0, tried="the number of capturing groups", got=groups, expected=0, look=look)
        look = "some character fits no rule; is there one for white space, and one for everything that is neither letter nor number?"
        expect("".join(got) == text, tried=tried, got=repr("".join(got)), expected="the text", look=look)


@word_pattern.property("one plain space goes with the word behind it, other white space does not")
def takes_one_space(student, rng):
    look = "a plain space, optional: ` ?` in front of the class. Not \\s?, which takes tabs and line ends, too"
    for text in ("to be or", "a (b) .c", "in 1790 and", "\tx", "a\nb", "a\u00a0b", " a"):
        expect_words(student, text, look)


@word_pattern.property("of several white-space characters, the last is left for what follows")
def leaves_the_last_space(student, rng):
    look = "\\s+(?!\\S): as much white space as is not followed by something else. Then \\s+ takes what is still there"
    for text in ("a   b", "a \n b", "a  1", "a\n\n\nb", "end   ", "   ", "a\t\t.", "  x"):
        expect_words(student, text, look)


@word_pattern.property("letters and numbers of all scripts are kept apart, and the underscore is neither")
def knows_scripts(student, rng):
    look = "\\p{L} and \\p{N}. \\w takes letters, digits and the underscore together; [a-z] and \\d know few of them"
    for text in ("Größe", "привет мир", "x1y22", "1790s", "½ cup", "中文字", "snake_case _a", "a²", "مرحبا", "...!?", "a-b", "e\u0301a"):
        expect_words(student, text, look)


@word_pattern.property("the seven endings are cut off, in small letters only, whatever follows")
def cuts_endings(student, rng):
    look = "rule 1 comes first: 's 't 're 've 'm 'll 'd. What follows plays no part, and 'S is not among them"
    for text in ("it's we'll they've", "I'm he'd you're", "can't", "IT'S I'M WE'LL", "'tis 'sand", "a 's b", "'x' 'l 'r", "it’s"):
        expect_words(student, text, look)


@word_pattern.property("random texts are cut as GPT-2 cuts them", after="loses_nothing")
def cuts_like_gpt2(student, rng):
    for _ in range(15):
        expect_words(student, nasty(rng, 12), "follow the rules by hand from left to right; which comes first?")


# ---------------------------------------------------------------- 2. counts that are kept

merge = task(
    "merge",
    hints=(
        "Only words in where[pair] can hold the pair. For each of them: its old pairs count less, its new pairs count more.",
        "Safe: subtract the frequency for each of pairwise(old), add it for each of pairwise(new word). Enter the word's number in "
        "where[each] for each pair that holds the new token, and collect these pairs.",
        "`for number in corpus.where.pop(pair, ()):` old = corpus.words[number]; corpus.words[number] = merge_word(old, pair, new); "
        "`for each in pairwise(old): corpus.counts[each] -= frequency`; the same with += for the new word",
    ),
)


def random_words(rng, count=12, letters="abc", longest=9):
    """Random words with frequencies of 1 to 9."""
    made = ("".join(rng.choice(list(letters), size=rng.integers(1, longest + 1))) for _ in range(count))
    return {word: int(rng.integers(1, 10)) for word in made}


def told(student, words, calls):
    """What the learner's merge makes of a corpus, as plain data, and what the reference makes of it."""
    corpus = beside(student, references.Corpus)(dict(words))
    got = run(
        student, beside(student, references.after), corpus, calls, student.merge, tried=f"merge {calls[0][0]} to {calls[0][1]} in {words}"
    )
    for each in got["returned"]:
        if not isinstance(each, set | frozenset | list | tuple | dict):
            look = "collect the pairs that the new token forms, and return the set"
            raise Wrong(tried=f"merge {calls[0][0]} to {calls[0][1]} in {words}", got=describe(each), expected="a set of pairs", look=look)
    return got, references.after(references.Corpus(words), calls, references.merge)


CASES = (({"abab": 2, "b": 1}, (97, 98)), ({"xaby": 3, "ab": 4, "yb": 5}, (97, 98)), ({"cbaba": 1, "bac": 2}, (98, 97)))


@merge.property("the pair is replaced from left to right, in all words, and other words stay")
def replaces(student, rng):
    cases = [*CASES, ({"aaa": 1, "aaaa": 2, "aaaaa": 3, "baaab": 4}, (97, 97)), (random_words(rng, 6, "ab"), (97, 98))]
    for words, pair in cases:
        got, want = told(student, words, [(pair, 256)])
        look = "aaa with the pair (a, a) becomes Xa: after a replacement, go on behind the new token"
        expect(got["words"] == want["words"], tried=f"merge {pair} in {words}", got=got["words"], expected=want["words"], look=look)


def expect_counts(student, words, calls, look):
    """Whether counts are, after these merges, what counting everything again would give."""
    got, want = told(student, words, calls)
    have, should = got["counts"], want["counts"]
    different = sorted(pair for pair in {*have, *should} if have.get(pair, 0) != should.get(pair, 0))
    tried = f"merge {', '.join(f'{pair} to {new}' for pair, new in calls)} in {words}"
    if different:
        pair = different[0]
        raise Wrong(tried=tried, got=f"counts[{pair}] = {have.get(pair, 0)}", expected=should.get(pair, 0), look=look)


@merge.property("counts are right where the pair stands once in a word")
def counts_once(student, rng):
    for words, pair in (({"xaby": 3}, (97, 98)), ({"ab": 2, "abx": 1}, (97, 98)), ({"xab": 4, "xa": 1, "by": 1}, (97, 98))):
        look = "each occurrence counts as often as its word: the frequency. (x, a) and (b, y) lose it; (x, new) and (new, y) gain it"
        expect_counts(student, words, [(pair, 256)], look)


@merge.property("counts are right where the pair stands several times in a word, side by side or overlapping")
def counts_overlaps(student, rng):
    for words, pair in (({"abab": 1}, (97, 98)), ({"ababab": 2, "abxab": 1}, (97, 98)), ({"banana": 3}, (97, 110))):
        look = "in a b a b the new tokens become neighbors: the pair (new, a) does not stay, (new, new) comes"
        expect_counts(student, words, [(pair, 256)], look)
    for word in ("aaa", "aaaa", "aaaaa", "baaab", "aaaaba"):
        look = "in a a a the pair (a, a) stands twice and is replaced once; afterwards none of them is left to count"
        expect_counts(student, {word: 2}, [((97, 97), 256)], look)


@merge.property("counts stay right over many merges")
def counts_many(student, rng):
    for letters in ("ab", "abc"):
        words = random_words(rng, 14, letters)
        calls = [(pair, new) for new, pair in enumerate(references.train(words, 8), 256)]
        expect_counts(student, words, calls, "is the index still complete after a merge? A word that it does not name is never merged")


@merge.property("the index names every word that holds a pair")
def keeps_the_index(student, rng):
    for words, pair in (*CASES, (random_words(rng, 8, "ab"), (97, 98)), (random_words(rng, 8, "ab"), (97, 97))):
        got, want = told(student, words, [(pair, 256)])
        for number, word in enumerate(want["words"]):
            for each in pairwise(word):
                named = got["where"].get(each, ())
                tried = f"merge {pair} in {words}; is word {number}, now {word}, in where[{each}]?"
                look = "add the number of the word to where[...] for each pair that it holds now and did not hold before"
                expect(number in named, tried=tried, got=f"where[{each}] = {set(named) or '{}'}", expected=f"{number} in it", look=look)


@merge.property("what comes back are the pairs that the new token forms, and no others")
def returns_what_arose(student, rng):
    for words, pair in (*CASES, (random_words(rng, 8, "abc"), (97, 98)), ({"aaa": 1, "baaab": 4}, (97, 97))):
        got, want = told(student, words, [(pair, 256)])
        back = {tuple(each) for each in got["returned"][0]}
        missing = sorted(each for each in want["returned"][0] if each not in back)
        old = sorted(each for each in back if 256 not in each)
        look = "both neighbors of the new token: (x, new) on its left and (new, y) on its right"
        tried = f"merge {pair} to 256 in {words}"
        expect(not missing, tried=tried, got=sorted(back), expected=f"{missing[:1]} among them", look=look)
        look = "pairs of old tokens can only become rarer; nobody needs to hear of them"
        expect(not old, tried=tried, got=f"{old[:1]} among them", expected="only pairs that hold 256", look=look)


@merge.property("only words that the index names are looked at")
def looks_only_where_told(student, rng):
    words = {f"{first}{second}x": 1 for first in string.ascii_lowercase[:8] for second in string.ascii_lowercase[8:16]}
    corpus = beside(student, references.Corpus)(dict(words))
    pair = (ord("c"), ord("k"))
    want = sorted(references.Corpus(words).where[pair])
    tried = f"{len(words)} words, of which {len(want)} hold the pair"
    seen = run(student, beside(student, references.visited), corpus, pair, 256, student.merge, tried=tried)
    look = "for number in corpus.where.pop(pair, ()): a loop over all words is what the naive trainer does"
    expect(list(seen) == want, tried=tried, got=f"{len(seen)} words looked at", expected=len(want), look=look)


# ---------------------------------------------------------------- 3. the heap

train = task(
    "train",
    hints=(
        "Entries (-count, pair): the smallest is the pair to merge, if it tells the truth. Look up its count when it comes to the front.",
        "Three cases: the count is 0 (forget the entry), it is another than the entry says (push it back with the true one), it is the "
        "same (merge, and push the pairs that arose with their counts).",
        "`bound, pair = heapq.heappop(heap)`; `count = corpus.counts[pair]`; "
        "`if 0 < count != -bound: heapq.heappush(heap, (-count, pair))`",
    ),
)


def trained(student, words, merges):
    """The merges of the learner's train on the reference's corpus, as a list of tuples."""
    with given(student, Corpus=references.Corpus, merge=references.merge):
        got = run(student, student.train, dict(words), merges, tried=f"{merges} merges of {words}")
    if not isinstance(got, list | tuple):
        raise Wrong(tried=f"{merges} merges of {words}", got=describe(got), expected="a list of pairs", look="return the list")
    return [tuple(pair) if isinstance(pair, list | tuple) else pair for pair in got]


def expect_merges(student, words, merges, look):
    """Whether the merges are those of counting everything anew."""
    got, want, tried = trained(student, words, merges), references.train(words, merges), f"{merges} merges of {words}"
    if got == want:
        return
    if got == references.train(words, merges, "largest of equals"):
        look = "of pairs with equal counts the smallest wins; yours takes the largest. In (-count, pair) only the count is negated"
    elif got == references.train(words, merges, "first of equals"):
        look = "of pairs with equal counts the smallest wins; yours takes the one that was counted first"
    place = next((i for i, (a, b) in enumerate(zip(got, want, strict=False)) if a != b), min(len(got), len(want)))
    here = f"merge {place}: {got[place]}" if place < len(got) else f"{len(got)} merges"
    should = f"merge {place}: {want[place]}" if place < len(want) else f"{len(want)} merges"
    raise Wrong(tried=tried, got=here, expected=should, look=look)


def without_ties(rng, letters):
    """Words in which no two pairs count the same."""
    while True:
        words = {word: int(rng.integers(1, 10_000)) for word in random_words(rng, 10, letters)}
        counts = references.counted(map(str.encode, words), words.values()).values()
        if counts and len(counts) == len(set(counts)):
            return words


@train.property("the first merge is that of the largest count")
def largest_first(student, rng):
    for letters in ("ab", "abc", "abcdef"):
        look = "the entry with the largest count comes to the front if counts are negated"
        expect_merges(student, without_ties(rng, letters), 1, look)


@train.property("of pairs with equal counts the smallest is merged")
def smallest_of_equals(student, rng):
    look = "(-count, pair): for equal counts, heapq compares the pairs themselves"
    for words in ({"zy": 2, "ba": 2, "bc": 2, "ab": 2}, {"ca": 1, "bd": 1, "bb": 1}, {"xw": 3, "ab": 2, "ed": 3, "éa": 3}):
        for merges in (1, 3):
            expect_merges(student, words, merges, look)
    for _ in range(4):  # two letters each, so that merges do not touch one another
        words = {"".join(rng.choice(list("abcdé"), size=2, replace=False)): int(rng.integers(1, 3)) for _ in range(8)}
        expect_merges(student, {word: count for word, count in words.items() if "é" not in word} or {"ab": 1}, 4, look)


@train.property("a pair that has become rarer is merged later, when its turn comes")
def comes_back(student, rng):
    look = "after (a, b) the entry of (b, c) still says 14, but only 5 are left: first come 9 of (256, c) and 6 of (d, d)"
    expect_merges(student, {"abc": 9, "ab": 7, "bc": 5, "dd": 6}, 3, look)
    look = "an entry whose count is no longer true must go back into the heap with the true one; without it the pair is lost"
    for words in ({"abc": 9, "ab": 7, "bc": 5, "dd": 3}, {"abcd": 9, "ab": 8, "bc": 4, "cd": 6, "ee": 5, "ff": 3}):
        expect_merges(student, words, 6, look)


@train.property("pairs that arise take part with their counts")
def new_pairs_take_part(student, rng):
    for words, merges in (({"abc": 5, "ab": 1}, 2), ({"aaaaaaaa": 3}, 3), ({"low": 5, "lower": 2, "newest": 6, "widest": 3}, 6)):
        expect_merges(
            student, words, merges, "push every pair that merge returns, with the count that it has now; new tokens are 256, 257, ..."
        )


@train.property("training ends when no pair is left, or after `merges` merges")
def ends(student, rng):
    for words, merges in (({"aaaa": 1}, 10), ({"abc": 2}, 0), ({"a": 3, "b": 1}, 5), ({}, 3), ({"aaa": 2, "aa": 1}, 9)):
        expect_merges(student, words, merges, "stop when the heap is empty; a pair that counts 0 is not merged")


@train.property("long trainings agree, tie by tie, with counting everything anew", after="largest_first")
def long_trainings(student, rng):
    for letters, count in (("ab", 12), ("abcd", 25), ("abcdefgh", 25)):
        words = random_words(rng, count, letters)
        expect_merges(student, words, 40, "which of the three cases of an entry at the front goes wrong?")


@train.property("the counts are not searched again for each merge")
def does_not_search(student, rng):
    words = random_words(rng, 40, "abcdef")
    tried = "30 merges; how often somebody goes through all of corpus.counts"
    with given(student, Corpus=beside(student, references.SpiedCorpus), merge=references.merge):
        passes, merges = run(student, beside(student, references.passes), student.train, dict(words), 30, tried=tried)
    look = "go through the counts once, to make the heap; afterwards only its front is looked at"
    expect(merges > 0 and passes <= 3, tried=tried, got=f"{passes} times in {merges} merges", expected="once", look=look)


# ---------------------------------------------------------------- 4. pieces

cut = task(
    "cut",
    hints=(
        "From the beginning of a piece, look for the first space that is far enough away and has something other than white space "
        "before it.",
        "text.find(' ', start + size) is the first candidate. While text[end - 1].isspace(), take the next space. -1 means: the rest is "
        "one piece.",
        "`end = text.find(' ', start + size)`; `while end > 0 and text[end - 1].isspace(): end = text.find(' ', end + 1)`; "
        "`pieces.append(text[start:end])`; `start = end`",
    ),
)


def pieces_of(student, text, size):
    """The pieces, and what was tried."""
    tried = f"cut({text!r}, {size})"
    got = run(student, student.cut, text, size, tried=tried)
    if not isinstance(got, list | tuple) or not all(isinstance(each, str) for each in got):
        raise Wrong(tried=tried, got=describe(got), expected="a list of str", look="collect the pieces in a list and return it")
    return list(got), tried


def prose(rng, count=14):
    """Random words with white space of all kinds between them."""
    gaps = [" ", " ", " ", "  ", "   ", "\n", "\n ", " \n", "\t ", "\u00a0 ", ". ", "' "]
    made = [["we", "It's", "1790", "(", "x_1", "Größe", "..."][rng.integers(7)] + gaps[rng.integers(len(gaps))] for _ in range(count)]
    return "".join(made)


@cut.property("joined again, the pieces are the text, and none of them is empty")
def joins(student, rng):
    for text in ("", "a", "no_space", " a", "a ", "  ", "to be", *(prose(rng) for _ in range(4))):
        for size in (1, 4):
            got, tried = pieces_of(student, text, size)
            look = "the next piece begins exactly where this one ends; the last goes to the end of the text"
            expect("".join(got) == text, tried=tried, got=got, expected="pieces that make the text", look=look)
            look = "an empty piece does no harm, but says that nothing was gained: does the search begin behind the start?"
            expect(all(got), tried=tried, got=got, expected="no empty piece", look=look)


@cut.property("the pieces have the words of the whole text")
def keeps_words(student, rng):
    for text in ("one  two   three", "a \n b", "it 's so", "x\u00a0 y z", *(prose(rng) for _ in range(6))):
        want = regex.findall(references.PATTERN, text)
        for size in (1, 3, 7):
            got, tried = pieces_of(student, text, size)
            words = [word for piece in got for word in regex.findall(references.PATTERN, piece)]
            look = "cut before a plain space, never behind it, and never between white space: the space belongs to the word behind it"
            expect(words == want, tried=tried, got=f"{got} with the words {words}", expected=f"the words {want}", look=look)


@cut.property("each piece but the last has at least `size` characters")
def long_enough(student, rng):
    for size in (2, 5, 20):
        for text in ("we the people of the United States", prose(rng, 20)):
            got, tried = pieces_of(student, text, size)
            short = [each for each in got[:-1] if len(each) < size]
            look = "the search for a space begins at start + size, counted from the start of this piece"
            expect(not short, tried=tried, got=f"the piece {short[:1]}", expected=f"at least {size} characters", look=look)


@cut.property("each piece ends at the first safe place that is far enough")
def ends_at_the_first(student, rng):
    texts = ("we the people", "a b c d e", "aa  bb cc", "a\n b c", *(prose(rng, 20) for _ in range(4)))
    for text in texts:
        for size in (1, 2, 3, 5, 8):
            got, tried = pieces_of(student, text, size)
            want = references.cut(text, size)
            look = "a place at exactly `size` characters counts; a space after white space does not, and the search goes on behind it"
            expect(got == want, tried=tried, got=got, expected=want, look=look)


# ---------------------------------------------------------------- 5. encoding

encode = task(
    "encode",
    hints=(
        "Begin with single bytes. Look up all neighbors together in the ranks, merge those with the smallest rank, repeat.",
        "self.ranks.get(left + right, infinity) for each pair of neighbors; min and index give the leftmost smallest. In the end, "
        "self.ranks[part] for each part.",
        "`parts = [word[i : i + 1] for i in range(len(word))]`; `parts[i : i + 2] = [parts[i] + parts[i + 1]]`; and in encode "
        "`if word not in self.cache: self.cache[word] = self.encode_word(word.encode())`",
    ),
)


def vocabulary(rng, letters="abc", merges=25):
    """Ranks of a trained vocabulary."""
    tokens = [bytes([value]) for value in range(256)]
    for left, right in references.train(random_words(rng, 20, letters), merges):
        tokens.append(tokens[left] + tokens[right])
    return {token: number for number, token in enumerate(tokens)}


def small(**tokens):
    """Ranks of the single bytes and of these tokens, in their order."""
    return {bytes([value]): value for value in range(256)} | {token.encode(): 256 + i for i, token in enumerate(tokens)}


def encoder_of(student, ranks):
    """The learner's encoder, with the pattern of GPT-2."""
    with given(student, word_pattern=references.word_pattern):
        return student.Encoder(ranks)


def ids_of(value, tried, look):
    """A list of ids, or a message."""
    if not isinstance(value, list | tuple):
        raise Wrong(tried=tried, got=describe(value), expected="a list of ids", look=look)
    return list(value)


def expect_ids(student, ranks, word, look):
    """Whether a word's ids are those of the definition."""
    learned = {token: number for token, number in ranks.items() if len(token) > 1}
    tried = f"the word {word!r} with the merged tokens {dict(list(learned.items())[:8])}"
    got = ids_of(run(student, encoder_of(student, ranks).encode_word, word, tried=tried), tried, "return the list of ids")
    want = references.encode_word(ranks, word)
    expect(got == want, tried=tried, got=got, expected=want, look=look)


@encode.property("the merge that was learned earliest goes first, wherever it stands")
def earliest_first(student, rng):
    look = "merge the neighbors whose union has the smallest rank; not the first that fit, not the longest token"
    for ranks, word in (
        (small(bc=0, ab=0), b"abc"),
        (small(ab=0, bc=0, abc=0), b"abcbc"),
        (small(cd=0, ab=0, bcd=0, abcd=0), b"abcd"),
        (small(bc=0, abc=0, ab=0, cd=0), b"abcd"),
    ):
        expect_ids(student, ranks, word, look)


@encode.property("of equal ranks the leftmost is merged first")
def leftmost_first(student, rng):
    look = "aaa has (a, a) twice; the left one is merged, and the ids are those of aa and a"
    for word in (b"aaa", b"aaaaa", b"aaaaaaa", b"baaab"):
        expect_ids(student, small(aa=0, aaaa=0), word, look)


@encode.property("words of random vocabularies get the ids of tiktoken's rule")
def like_tiktoken(student, rng):
    for letters in ("ab", "abc", "abcde"):
        ranks = vocabulary(rng, letters)
        for _ in range(12):
            word = "".join(rng.choice(list(letters), size=rng.integers(1, 14))).encode()
            expect_ids(student, ranks, word, "after each merge there are new neighbors: look them up again")


@encode.property("ids come from the ranks, those of single bytes too")
def ids_from_ranks(student, rng):
    ranks = {bytes([value]): int(number) for value, number in enumerate(rng.permutation(256))} | {b"ab": 256, b"abc": 300}
    for word in (b"x", b"xyz", b"abcab", "Größe 🙂".encode(), bytes(range(256))):
        expect_ids(student, ranks, word, "a byte is a token of length 1: its id is self.ranks[...] of it, not its value")


@encode.property("a text is encoded word by word")
def word_by_word(student, rng):
    ranks = small(ab=0, **{"b a": 0, "a ": 0})
    for text in ("ab ab", "ab  ab abab", "", " ", "a b a", "Größe 中文 🙂", nasty(rng)):
        tried = f"the text {text!r}"
        got = ids_of(run(student, encoder_of(student, ranks).encode, text, tried=tried), tried, "encode returns the list of all ids")
        words = regex.findall(references.PATTERN, text)
        want = [number for word in words for number in references.encode_word(ranks, word.encode())]
        look = "self.find_words(text) are the words; encode each by itself, in UTF-8, and append its ids. No merge crosses their borders"
        expect(got == want, tried=tried, got=got, expected=want, look=look)


@encode.property("encode_word is called once for each distinct word, in all texts of an encoder")
def uses_the_cache(student, rng):
    texts, ranks = ["to be or not to be", " to be", "or not", ""], vocabulary(rng)
    with given(student, word_pattern=references.word_pattern):
        got, seen = beside(student, references.calls)(student.Encoder, ranks, texts)
    words = [word.encode() for text in texts for word in regex.findall(references.PATTERN, text)]
    want = list(dict.fromkeys(words))
    look = "if a word is in self.cache, take its ids from there; if not, call self.encode_word(word.encode()) and store them"
    tried = f"the texts {texts}, one after the other"
    expect(list(seen) == want, tried=tried, got=f"encode_word was called {len(seen)} times", expected=f"{len(want)} times", look=look)
    ids = [
        [number for word in regex.findall(references.PATTERN, text) for number in references.encode_word(ranks, word.encode())]
        for text in texts
    ]
    expect([list(each) for each in got] == ids, tried=tried, got="ids that differ from the first ones", expected="the same ids", look=look)


@encode.property("two encoders do not share a cache, and nobody can change it from outside")
def own_cache(student, rng):
    text = "abab ab"
    for tokens in ({"ab": 0}, {"ba": 0}, {"ab": 0, "abab": 0}):
        ranks = small(**tokens)
        got = ids_of(encoder_of(student, ranks).encode(text), f"the text {text!r}", "return the list")
        want = [number for word in ("abab", " ab") for number in references.encode_word(ranks, word.encode())]
        tried = f"the text {text!r} by a second encoder, with the tokens {list(tokens)}"
        look = "a cache belongs to its vocabulary: self.cache, not a variable that all encoders share"
        expect(got == want, tried=tried, got=got, expected=want, look=look)
    for text in ("abab", "ab ab"):
        with given(student, word_pattern=references.word_pattern):
            before, after = beside(student, references.aliases)(student.Encoder, small(ab=0), text)
        tried = f"the text {text!r} twice; the list that came first was changed in between"
        look = "hand out a new list, not the one in the cache"
        expect(list(before) == list(after), tried=tried, got=list(after), expected=list(before), look=look)
