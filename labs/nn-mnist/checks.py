"""What proves the answers of the lab nn-mnist right. No task needs the answer to another one."""

import numpy as np

from scratchlab.checks import (
    Wrong,
    as_array,
    beside,
    describe,
    expect,
    expect_close,
    expect_raises,
    expect_shape,
    load_given,
    task,
    unchanged,
)

references = load_given(__file__)

deal = task(
    "deal",
    hints=(
        "Shuffle the names of the groups, not the rows. Cut the shuffled names into parts; a part's rows are those whose name is in it.",
        "np.unique(groups) gives each name once. np.split(shuffled, np.cumsum(counts)[:-1]) cuts; np.isin(groups, chosen) marks rows.",
        "`shuffled = np.random.default_rng(seed).permutation(names)`, then "
        "`[np.flatnonzero(np.isin(groups, chosen)) for chosen in np.split(...)]`",
    ),
)
leaks = task(
    "leaks",
    hints=(
        "Three questions, three answers. For the third: prepare twice, with the same training pictures and with very different test "
        "pictures; the training features must not notice.",
        "copies: a set of picture.tobytes() of the training pictures. groups: np.isin(groups_test, groups_train). peeks: compare the first "
        "of the two things that prepare returns.",
        '`features, _ = prepare(X_train, X_test)`, `moved, _ = prepare(X_train, ...)`, and "peeks": not np.array_equal(features, moved)',
    ),
)
stopping = task(
    "stopping",
    hints=(
        "Count the epoch. If its loss is below the best one: note the epoch, the loss and a copy of the weights. Then answer.",
        "How many epochs in a row brought nothing better? epoch - best_epoch. Stop when that reaches the patience.",
        "`self.epoch += 1`; `if loss < self.best_loss:` note `self.best_epoch`, `self.best_loss` and "
        "`self.best_weights = copy.deepcopy(...)`; `return self.epoch - self.best_epoch >= ...`",
    ),
)
calibration = task(
    "calibration",
    hints=(
        "For each answer: its confidence, whether it is right, and the bin of its confidence. Then three sums for each bin.",
        "The bin is (confidence * bins) without its decimals, but never bins itself. The gap of a bin counts by its share of the answers.",
        "`place = np.minimum((confidence * bins).astype(int), bins - 1)`; `np.bincount(place, confidence, minlength=bins)` divided by "
        "`np.maximum(count, 1)`",
    ),
)
temperature = task(
    "temperature",
    hints=(
        "One number, one valley: the cross-entropy of softmax(logits / T) has a single minimum. Halve an interval around it.",
        "Expected logit: the sum over the classes of p * z, averaged over the rows. If it is above the mean logit of the right class, "
        "the network is too sure, and T must be larger.",
        "`middle = np.sqrt(low * high)`; `expected = (softmax(logits / middle) * logits).sum(axis=1).mean()`; "
        "then `low = middle` or `high = middle`",
    ),
)
compare = task(
    "compare",
    hints=(
        "First reduce each group to two numbers: the sum of its differences, and how many rows it has. Then draw groups.",
        "drawn: random group numbers of shape (draws, number of groups). Each row is one bootstrap sample: sum of sums / sum of sizes.",
        "`total, size = np.bincount(number, difference), np.bincount(number)`; `total[drawn].sum(axis=1) / size[drawn].sum(axis=1)`",
    ),
)


def fits(got, slips: dict, default: str, tol: float = 1e-9) -> str:
    """The explanation of the mistake that gives exactly `got`; `slips` maps an explanation to what the mistake gives."""
    return next((look for look, value in slips.items() if np.shape(got) == np.shape(value) and np.allclose(got, value, atol=tol)), default)


# ---- deal -------------------------------------------------------------------------------------------------------------

GROUPS = 9


def hands(rng) -> np.ndarray:
    """Groups of different sizes, named by numbers with gaps, their rows interleaved; every group has two rows or more."""
    names = rng.permutation(50)[:GROUPS]
    return rng.permutation(np.concatenate([np.repeat(names, 2), rng.choice(names, size=20)]))


def dealt(student, groups, counts, seed, tried, letters="") -> list[np.ndarray]:
    """The parts that the learner deals, as arrays of row numbers, or `Wrong`. With `letters`, group 0 is called by the first, and so on."""
    if letters:
        parts = beside(student, references.deal_letters)(student.deal, letters, groups, counts, seed)
    else:
        parts = student.deal(groups.copy(), counts, seed)
    if not isinstance(parts, list | tuple) or len(parts) != len(counts):
        got = f"{len(parts)} parts" if isinstance(parts, list | tuple) else describe(parts)
        look = "one array of row numbers for each count"
        if isinstance(parts, list | tuple) and len(parts) == len(counts) + 1:
            look = "np.split wants the places to cut at, and two parts have one cut: np.cumsum(counts)[:-1]"
        raise Wrong(tried=tried, got=got, expected=f"a list of {len(counts)} arrays", look=look)
    made = [np.asarray(part) for part in parts]
    made = [np.flatnonzero(part) if part.dtype == bool else part for part in made]  # that masks are wrong is said once, elsewhere
    for part in made:
        right = part.ndim == 1 and (part.dtype.kind in "iu" or part.size == 0)
        look = "a part holds row numbers, as whole numbers"
        expect(
            right, tried=tried, got=f"a part with {part.dtype} numbers, shape {part.shape}", expected="row numbers, shape (k,)", look=look
        )
        inside = part.size == 0 or (part.min() >= 0 and part.max() < len(groups))
        expect(inside, tried=tried, got="a row number that does not exist", expected=f"numbers from 0 to {len(groups) - 1}", look=look)
    return [part.astype(int) for part in made]


@deal.property("every row is in exactly one part")
def deal_is_complete(student, rng):
    for counts in ((6, 3), (4, 3, 2), (1,) * GROUPS):
        groups = hands(rng)
        tried = f"{len(groups)} rows in {GROUPS} groups, counts {counts}"
        rows = np.concatenate(dealt(student, groups, counts, int(rng.integers(1000)), tried))
        twice, missing = len(rows) - len(set(rows.tolist())), len(groups) - len(set(rows.tolist()))
        look = "a group must go into one part and no other: cut one shuffled array of names, do not draw for each part anew"
        if not twice:
            look = "some groups went nowhere: do the parts hold all names that np.unique(groups) gives?"
        expect(twice == 0 and missing == 0, tried=tried, got=f"{twice} rows twice, {missing} rows nowhere", expected="each once", look=look)


@deal.property("no group is in two parts")
def deal_keeps_groups_whole(student, rng):
    for counts in ((6, 3), (4, 3, 2)):
        groups = hands(rng)
        tried = f"{len(groups)} rows in {GROUPS} groups, counts {counts}"
        parts = dealt(student, groups, counts, int(rng.integers(1000)), tried)
        torn = sum(sum(name in groups[part] for part in parts) > 1 for name in np.unique(groups))
        look = "shuffle and cut the names of the groups, not the rows"
        expect(torn == 0, tried=tried, got=f"{torn} groups with rows in more than one part", expected="0", look=look)


@deal.property("each part gets as many groups as its count says")
def deal_counts(student, rng):
    for counts in ((6, 3), (2, 6, 1)):
        groups = hands(rng)
        tried = f"{len(groups)} rows in {GROUPS} groups, counts {counts}"
        parts = dealt(student, groups, counts, int(rng.integers(1000)), tried)
        got = tuple(len(np.unique(groups[part])) for part in parts)
        look = "counts are numbers of groups, not of rows; np.split wants the places to cut at, np.cumsum(counts)[:-1]"
        expect(got == counts, tried=tried, got=f"parts with {got} groups", expected=counts, look=look)


@deal.property("a part is an array of row numbers, in rising order")
def deal_gives_rows(student, rng):
    groups = hands(rng)
    tried = f"{len(groups)} rows, the groups interleaved"
    for part in student.deal(groups.copy(), (6, 3), 3):
        mask = np.asarray(part).dtype == bool
        look = "np.flatnonzero turns a mask into row numbers"
        expect(not mask, tried=tried, got="masks (True and False)", expected="row numbers", look=look)
    for part in dealt(student, groups, (6, 3), 3, tried):
        look = "np.flatnonzero gives the row numbers in order; np.sort puts others in order"
        expect(np.all(np.diff(part) > 0), tried=tried, got=f"rows {part[:6].tolist()}...", expected="rising row numbers", look=look)


@deal.property("the names of the groups can be strings, too")
def deal_takes_any_names(student, rng):
    groups, tried = rng.permutation(np.arange(20) % 5), "20 rows whose groups are called a, b, c, d and e; counts (3, 2)"
    for seed in range(4):
        parts = dealt(student, groups, (3, 2), seed, tried, "abcde")
        names = [{"abcde"[number] for number in groups[part]} for part in parts]
        got = " and ".join("".join(sorted(each)) or "none" for each in names)
        look = "np.unique(groups) gives the names, whatever they are; do not count on numbers from 0 to k - 1"
        if names[0] & names[1]:
            look = "a group must be in one part only: shuffle and cut the names"
        right = [len(each) for each in names] == [3, 2] and not names[0] & names[1]
        expect(right, tried=tried, got=f"parts with the groups {got}", expected="3 groups in the one, the other 2 in the other", look=look)


@deal.property("the deal is random: every group can land in every part")
def deal_shuffles(student, rng):
    groups, tried = np.repeat(np.arange(6), 3), "6 groups, counts (4, 2), 60 seeds"
    small = [frozenset(groups[dealt(student, groups, (4, 2), seed, tried)[1]].tolist()) for seed in range(60)]
    seen = set().union(*small)
    look = "shuffle the names before you cut: rng.permutation(names)"
    expect(seen == set(range(6)), tried=tried, got=f"only groups {sorted(seen)} in the small part", expected="each at some time", look=look)
    neighbors = {frozenset((k, (k + 1) % 6)) for k in range(6)}
    expect(not set(small) <= neighbors, tried=tried, got="always two neighboring groups", expected="any two groups", look=look)


@deal.property("the same seed gives the same parts, another seed others")
def deal_follows_the_seed(student, rng):
    groups, tried = hands(rng), "the same groups and counts, seeds 5, 5 and then twenty others"
    first, second = (dealt(student, groups, (6, 3), 5, tried)[1].tolist() for _ in range(2))
    look = "take all randomness from np.random.default_rng(seed), made inside the function"
    expect(first == second, tried=tried, got="two different deals for seed 5", expected="the same parts", look=look)
    others = [dealt(student, groups, (6, 3), seed, tried)[1].tolist() for seed in range(20)]
    expect(any(other != first for other in others), tried=tried, got="always the same parts", expected="other parts", look=look)


@deal.property("counts that do not add up are refused")
def deal_refuses(student, rng):
    groups = hands(rng)
    for counts in ((6, 2), (6, 4)):
        look = "compare sum(counts) with the number of different names, and raise ValueError if they differ"
        expect_raises(lambda c=counts: student.deal(groups.copy(), c, 0), ValueError, tried=f"{GROUPS} groups, counts {counts}", look=look)


@deal.property("the groups stay as they are")
def deal_leaves_groups(student, rng):
    groups = np.repeat(rng.permutation(30)[:6], 2)
    with unchanged("dealing 12 rows", groups=groups):
        student.deal(groups, (4, 2), 0)


# ---- leaks ------------------------------------------------------------------------------------------------------------

KEYS = ("copies", "groups", "peeks")


def flat(train, test):
    """The numbers as they are."""
    return train.reshape(len(train), -1), test.reshape(len(test), -1)


def scaled(train, test):
    """Scaled by the training part."""
    train, test = flat(train, test)
    return (train - train.mean(0)) / (train.std(0) + 1), (test - train.mean(0)) / (train.std(0) + 1)


def directions(train, test):
    """Projected onto the two main directions of the training part."""
    train, test = flat(train, test)
    main = np.linalg.svd(train - train.mean(0), full_matrices=False)[2][:2]
    return train @ main.T, test @ main.T


def scaled_by_all(train, test):
    """Scaled by both parts."""
    train, test = flat(train, test)
    both = np.concatenate([train, test])
    return (train - both.mean(0)) / (both.std(0) + 1), (test - both.mean(0)) / (both.std(0) + 1)


def ranged_by_all(train, test):
    """Divided by the largest number of both parts."""
    train, test = flat(train, test)
    largest = max(np.abs(train).max(), np.abs(test).max())
    return train / largest, test / largest


def directions_of_all(train, test):
    """Projected onto the two main directions of both parts."""
    train, test = flat(train, test)
    main = np.linalg.svd(np.concatenate([train, test]) - train.mean(0), full_matrices=False)[2][:2]
    return train @ main.T, test @ main.T


def lively_columns_of_all(train, test):
    """Those columns that vary much over both parts."""
    train, test = flat(train, test)
    kept = np.concatenate([train, test]).std(0) > 1.5
    return train[:, kept], test[:, kept]


HONEST = {
    "leaves the numbers as they are": flat,
    "scales by the training part": scaled,
    "finds the main directions of the training part": directions,
}
PEEKING = {
    "scales by the mean and deviation of both parts": scaled_by_all,
    "divides by the largest number of both parts": ranged_by_all,
    "finds the main directions of both parts": directions_of_all,
    "keeps the columns that vary much over both parts": lively_columns_of_all,
}


def strangers(rng, n=12, m=7):
    """Training and test pictures (3 by 2 numbers, not contiguous) without any leak, and groups without overlap. The test pictures are
    the more extreme ones, but for the first number, so that a preparation that looks at them gives another result without them."""
    train, test = rng.standard_normal((n, 3, 4))[:, :, ::2], 3 * rng.standard_normal((m, 3, 4))[:, :, ::2]
    test[:, 0, 0] /= 300
    return train, test, rng.integers(0, 5, size=n), rng.integers(5, 9, size=m)


def report(student, train, test, train_groups, test_groups, prepare, tried) -> dict:
    """What the learner's detector says, or `Wrong` if that is not a dictionary with the three keys."""
    found = student.find_leaks(train.copy(), test.copy(), train_groups.copy(), test_groups.copy(), prepare)
    if not isinstance(found, dict) or set(found) != set(KEYS):
        got = f"a dictionary with the keys {sorted(map(str, found))}" if isinstance(found, dict) else describe(found)
        raise Wrong(tried=tried, got=got, expected=f"a dictionary with the keys {', '.join(KEYS)}")
    for key in KEYS:
        plain = np.size(found[key]) == 1 and np.asarray(found[key]).dtype.kind in "biu"
        wanted = "True or False" if key == "peeks" else "a whole number"
        expect(plain, tried=tried, got=f"{key} = {describe(found[key])}", expected=wanted, look="one number or truth value for each key")
    return {"copies": int(found["copies"]), "groups": int(found["groups"]), "peeks": bool(found["peeks"])}


@leaks.property("a clean split with an honest preparation has no leaks")
def leaks_finds_nothing(student, rng):
    for says, prepare in HONEST.items():
        tried = f"strangers on both sides, and a preparation that {says}"
        found = report(student, *strangers(rng), prepare, tried)
        look = "copies are test pictures that are equal, in all numbers, to some training picture"
        if found["peeks"]:
            look = (
                "the test features may change with the test pictures, and features need not be the pictures: "
                "compare the training features only"
            )
        expect(found == {"copies": 0, "groups": 0, "peeks": False}, tried=tried, got=found, expected="0, 0 and False", look=look)


@leaks.property("each test picture that is also a training picture counts once, wherever it stands")
def leaks_counts_copies(student, rng):
    train, test, train_groups, test_groups = strangers(rng)
    train[8] = train[9] = train[3]  # three alike among the training pictures: no leak
    test[5] = test[4]  # nor two alike among the test pictures
    test[0], test[2], test[6] = train[3], train[3], train[11]
    tried = "7 test pictures: the first and the third are a training picture that occurs three times there, the last another"
    got = report(student, train, test, train_groups, test_groups, flat, tried)["copies"]
    equal = (test[:, None] == train[None]).all(axis=(2, 3))
    rows = np.concatenate([train, test]).reshape(19, -1)
    slips = {
        "these are pairs: a test picture counts once, however often it occurs among the training pictures": int(equal.sum()),
        "a copy may stand at any place, not only at the same row number": int((test == train[:7]).all(axis=(1, 2)).sum()),
        "two alike within one part are no leak": 19 - len(np.unique(rows, axis=0)),
        "count test pictures; these are the different training pictures that were copied": 2,
    }
    expect(got == 3, tried=tried, got=got, expected=3, look=fits(got, slips, "is a test picture in the set of training pictures?"))


@leaks.property("a picture that differs in a single number is no copy")
def leaks_wants_equality(student, rng):
    train, test, train_groups, test_groups = strangers(rng)
    test[1], test[2], test[4] = train[1], train[2] + 1e-9, train[4][::-1]
    test[1, 2, 1] += 0.5
    tried = "test pictures that are training pictures with one number changed, with all moved by 1e-9, and turned upside down"
    got = report(student, train, test, train_groups, test_groups, flat, tried)["copies"]
    look = "equal means equal in every number, at every place; sums and means throw the places away"
    expect(got == 0, tried=tried, got=f"{got} copies", expected="0", look=look)


@leaks.property("test rows of a group that has training rows are counted")
def leaks_counts_groups(student, rng):
    for names in (np.arange(9), rng.permutation(100)[:9] - 50):
        train, test, _, _ = strangers(rng)
        train_groups = names[np.array([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4, 4])]
        test_groups = names[np.array([5, 4, 4, 6, 1, 7, 4])]
        tried = "7 test rows, of which 4 belong to two of the training groups"
        got = report(student, train, test, train_groups, test_groups, flat, tried)["groups"]
        slips = {
            "count the test rows, not the groups": 2,
            "a group may stand at any place, not only at the same row number": int((train_groups[:7] == test_groups).sum()),
        }
        expect(got == 4, tried=tried, got=got, expected=4, look=fits(got, slips, "np.isin(groups_test, groups_train).sum()"))


@leaks.property("a preparation that looks at the test pictures is caught")
def leaks_catches_peeking(student, rng):
    for says, prepare in PEEKING.items():
        tried = f"a preparation that {says}"
        try:
            found = report(student, *strangers(rng), prepare, tried)
        except ValueError as error:
            look = "the training features may even change their shape: np.array_equal then answers False, while == and np.allclose fail"
            raise Wrong(tried=tried, got=f"ValueError: {error}", expected="peeks = True", look=look) from None
        look = "change the test pictures brutally, in their values: a mean or a maximum does not notice another order"
        expect(found["peeks"], tried=tried, got="peeks = False", expected="peeks = True", look=look)


@leaks.property("pictures and groups stay as they are")
def leaks_leaves_data(student, rng):
    train, test, train_groups, test_groups = strangers(rng)
    with unchanged("one call of find_leaks", X_train=train, X_test=test, groups_train=train_groups, groups_test=test_groups):
        student.find_leaks(train, test, train_groups, test_groups, scaled)


# ---- stopping ---------------------------------------------------------------------------------------------------------

NAN = float("nan")


def walked(student, losses, patience, again=False) -> dict:
    """What given.walk says about the learner's class."""
    return beside(student, references.walk)(student.EarlyStopping, list(losses), patience, again)


def ideal(losses, patience):
    """The right answers of `update`, and the best epoch."""
    best, best_epoch, answers = float("inf"), -1, []
    for epoch, loss in enumerate(losses):
        if loss < best:
            best, best_epoch = loss, epoch
        answers.append(epoch - best_epoch >= patience)
    return answers, best_epoch


def expect_answers(student, losses, patience, look):
    got, (want, _) = walked(student, losses, patience)["answers"], ideal(losses, patience)
    tried = f"patience {patience} and the losses {', '.join(f'{loss:g}' for loss in losses)}"
    first = "never" if True not in got else f"after loss number {got.index(True) + 1}"
    if None in got:
        first, look = "None (is a `return` missing?)", "return whether to stop, True or False, after every loss"
    wanted = "never" if True not in want else f"after loss number {want.index(True) + 1}"
    expect(got == want, tried=tried, got=f"True {first}" if None not in got else first, expected=f"True {wanted}", look=look)


def can_restore(got, tried):
    """`Wrong` if restore raised an error."""
    look = "BatchNorm keeps running means in buffers, and parameters() leaves these out: note the whole state_dict()"
    expect(not got["error"], tried=tried, got=got["error"], expected="the best state, loaded into the model", look=look)


@stopping.property("it says stop when `patience` epochs in a row brought nothing better")
def stops_in_time(student, rng):
    for patience in (1, 2, 4):
        rising = (1 + np.arange(1, patience + 1) * 0.5).tolist()
        expect_answers(student, [3.0, 1.0, *rising], patience, "stop when epoch - best_epoch reaches the patience: >=")
    expect_answers(student, [9.0 - k for k in range(8)], 1, "as long as the loss falls, there is no reason to stop")


@stopping.property("an epoch that is better starts the count anew")
def improvement_resets(student, rng):
    look = "count the epochs since the best one, not all the bad ones"
    expect_answers(student, [5.0, 6.0, 4.0, 6.0, 3.0, 6.0, 2.0, 6.0], 2, look)


@stopping.property("better means better than the best, not than the epoch before")
def compares_with_the_best(student, rng):
    look = "compare with the best loss so far: a loss that is lower than the last one may still be far above the best"
    expect_answers(student, [5.0, 1.0, 9.0, 8.0, 7.0, 6.0], 3, look)


@stopping.property("an equal loss is not better")
def equals_do_not_count(student, rng):
    losses = [3.0, 2.0, 2.0, 2.0]
    expect_answers(student, losses, 2, "strictly below the best: <, not <=")
    got = walked(student, losses, 9)["best_epoch"]
    expect(got == 1, tried=f"the losses {losses}", got=f"best_epoch = {got}", expected="1, the first of the equals", look="<, not <=")


@stopping.property("NaN is never better, and never the best")
def nan_is_not_better(student, rng):
    look = "`loss < self.best_loss` is False for NaN; `not loss >= ...`, min() and sorting go wrong with it"
    for losses in ([3.0, NAN, NAN, 2.0], [NAN, 4.0, NAN, NAN], [3.0, 2.0, NAN, NAN]):
        expect_answers(student, losses, 2, look)
        got, (_, want) = walked(student, losses, 9), ideal(losses, 9)
        tried = f"the losses {losses}"
        expect(got["best_epoch"] == want, tried=tried, got=f"best_epoch = {got['best_epoch']}", expected=want, look=look)
        expect(got["best_loss"] == losses[want], tried=tried, got=f"best_loss = {got['best_loss']}", expected=losses[want], look=look)
    got = walked(student, [NAN, NAN], 5)
    tried = "the losses nan, nan"
    expect(
        got["best_epoch"] == -1, tried=tried, got=f"best_epoch = {got['best_epoch']}", expected="-1, for there is no best one", look=look
    )
    at_start = not got["error"] and set(got["state"].values()) == {0.0}
    expect(at_start, tried=f"{tried}, then restore", got="other weights", expected="those at the start", look=look)


@stopping.property("best_epoch and best_loss are those of the best epoch")
def notes_the_best(student, rng):
    losses = np.round(np.array([5, 3, 4, 1, 8, 7, 6]) + rng.uniform(0, 0.9, size=7), 2).tolist()
    got = walked(student, losses, 20)
    tried = f"the losses {losses}"
    want = int(np.argmin(losses))
    look = "epochs count from 0; best_epoch and best_loss change only when a loss is below the best"
    expect(got["best_epoch"] == want, tried=tried, got=f"best_epoch = {got['best_epoch']}", expected=want, look=look)
    expect_close(got["best_loss"], losses[want], tried=f"{tried}; best_loss", look=look)


@stopping.property("restore brings back the weights of the best epoch")
def restores_weights(student, rng):
    for losses in ([5.0, 4.0, 6.0, 3.0, 7.0, 8.0], [1.0, 2.0, 3.0]):
        got, (_, best) = walked(student, losses, 9), ideal(losses, 9)
        tried = f"the losses {losses}, and weights that tell their epoch (counted from 0)"
        can_restore(got, tried)
        weight = got["state"]["0.weight"]
        back = f"the weights of epoch {weight - 1:g}" if 1 <= weight <= len(losses) else "weights of no epoch"
        look = "note the weights when the loss is the best so far, not at every epoch"
        if weight == 99:
            back = "the weights as they were before restore was called"
            look = "state_dict() hands out the model's own tensors, and a plain .copy() of the dictionary still holds them: copy.deepcopy"
        if weight == 0:
            look = "the weights were never noted: self.best_weights = copy.deepcopy(self.model.state_dict())"
        expect(weight == best + 1, tried=tried, got=back, expected=f"those of epoch {best}", look=look)


@stopping.property("restore brings back the running means of BatchNorm as well")
def restores_buffers(student, rng):
    losses = [5.0, 4.0, 6.0, 7.0]
    got = walked(student, losses, 9)
    tried = f"the losses {losses} and a model with a BatchNorm layer, then restore"
    can_restore(got, tried)
    strange = sorted(name for name, value in got["state"].items() if value != 2 and "running" in name)
    look = "BatchNorm keeps running means in buffers: note a deep copy of the whole state_dict()"
    expect(not strange, tried=tried, got=f"{', '.join(strange)} not restored", expected="all of the state", look=look)


@stopping.property("the best weights can be restored more than once", after="restores_weights")
def restores_again(student, rng):
    got = walked(student, [5.0, 4.0, 6.0, 7.0], 9, again=True)
    tried = "restore, then other weights in the model, then restore again"
    can_restore(got, tried)
    look = "the noted weights must not be the model's own tensors: copy.deepcopy"
    expect(got["state"]["0.weight"] == 2, tried=tried, got="other weights", expected="the best ones again", look=look)


@stopping.property("watching does not change the model")
def leaves_the_model(student, rng):
    got = walked(student, [5.0, 4.0, 6.0, 3.0, 7.0, 8.0, 9.0], 2)["touched"]
    look = "update only looks; restore puts the weights back, and the caller decides when"
    expect(
        got == 0, tried="7 losses and patience 2", got=f"{got} calls of update after which the model was another", expected="0", look=look
    )


# ---- calibration ------------------------------------------------------------------------------------------------------


def forecasts(rng, n=200, classes=4, sharpness=3.0):
    """Random probabilities and right classes, which are drawn from flatter probabilities: the forecaster is too sure."""
    scores = rng.standard_normal((n, classes)) * sharpness
    chances = np.exp(scores - scores.max(1, keepdims=True))
    chances /= chances.sum(1, keepdims=True)
    flatter = chances**0.5 / (chances**0.5).sum(1, keepdims=True)
    return chances, np.minimum((rng.random((n, 1)) > flatter.cumsum(1)).sum(1), classes - 1)


def measured(student, chances, y, bins, tried, with_table=True):
    """Error and table of the learner, or `Wrong`; without the table, its shape is not looked at."""
    made = student.calibration_error(chances.copy(), y.copy(), *([bins] if bins != 15 else []))  # 15 is the default
    if not isinstance(made, tuple | list) or len(made) != 2:
        raise Wrong(tried=tried, got=describe(made), expected="two values: the error and the table", look="return error, table")
    error, made_table = (as_array(each, tried=tried) for each in made)
    expect(error.size == 1, tried=tried, got=describe(error), expected="one number as the error")
    look = "one row for each bin, empty ones included: minlength=bins"
    if with_table:
        expect_shape(made_table, (bins, 3), tried=tried, look=look)
    return float(error.reshape(())), made_table


def counted(chances, y, bins, slip=""):
    """Error and table, bin by bin."""
    confidence, right = chances.max(1), chances.argmax(1) == y
    if slip == "right class":
        confidence = chances[np.arange(len(y)), y]
    if slip == "top":
        confidence, right = chances.ravel(), (np.arange(chances.shape[1]) == y[:, None]).ravel()
    rows, gaps = [], []
    for k in range(bins):
        inside = (confidence >= k / bins) & ((confidence < (k + 1) / bins) | (k == bins - 1))
        filled = inside.any()
        rows.append([inside.sum(), confidence[inside].mean() if filled else 0.0, right[inside].mean() if filled else 0.0])
        gaps.append((inside.sum() / len(confidence), rows[-1][2] - rows[-1][1]))
    share, gap = np.array(gaps).T
    slipped = {
        "mean": np.abs(gap[share > 0]).mean(),
        "signed": (share * gap).sum(),
        "square": (share * gap**2).sum(),
        "worst": np.abs(gap).max(),
    }
    return float(slipped.get(slip, (share * np.abs(gap)).sum())), np.array(rows)


ERROR_SLIPS = {
    "mean": "weight each gap by the bin's share of the answers; this is the plain mean over the bins",
    "signed": "take the absolute value of each bin's gap before adding: here too sure and not sure enough cancel",
    "square": "the absolute gap, not its square",
    "worst": "this is the largest gap; the expected error is the weighted mean",
    "right class": "the confidence is the largest probability, whether or not it belongs to the right class",
    "top": "one confidence for each row, the largest; the other probabilities play no part",
}


@calibration.property("the table counts the answers of each bin")
def counts_the_answers(student, rng):
    for n, bins in ((200, 15), (60, 4), (1, 3)):
        chances, y = forecasts(rng, n)
        tried = f"{n} answers in {bins} bins; the first column"
        _, got = measured(student, chances, y, bins, tried)
        want = counted(chances, y, bins)[1]
        slips = {ERROR_SLIPS[slip]: counted(chances, y, bins, slip)[1][:, 0] for slip in ("right class", "top")}
        slips["bin m begins at m / bins: cut off the decimals of confidence * bins, do not round"] = np.bincount(
            np.minimum(np.round(chances.max(1) * bins).astype(int), bins - 1), minlength=bins
        )
        expect_close(got[:, 0], want[:, 0], tried=tried, look=fits(got[:, 0], slips, "the bin of an answer is int(confidence * bins)"))


@calibration.property("the table holds each bin's mean confidence and its share of right answers", after="counts_the_answers")
def averages_each_bin(student, rng):
    for n, bins in ((200, 10), (60, 4)):
        chances, y = forecasts(rng, n)
        tried = f"{n} answers in {bins} bins; the second column"
        _, got = measured(student, chances, y, bins, tried)
        want = counted(chances, y, bins)[1]
        middle = np.where(want[:, 0] > 0, (np.arange(bins) + 0.5) / bins, 0.0)
        slips = {
            "the mean of the confidences in the bin, not the bin's middle": middle,
            "these are sums: divide by the number of answers in the bin": want[:, 1] * want[:, 0],
        }
        look = fits(got[:, 1], slips, "the mean confidence of the answers in the bin; 0 if it is empty")
        if np.isnan(got).any():
            look = "an empty bin has a row of zeros: divide by np.maximum(count, 1)"
        expect_close(got[:, 1], want[:, 1], tried=tried, look=look)
        tried = f"{n} answers in {bins} bins; the third column"
        expect_close(got[:, 2], want[:, 2], tried=tried, look="the share of the bin's answers that are right; 0 if it is empty")


@calibration.property("the error is the mean gap, weighted by the answers in the bin")
def weighs_the_gaps(student, rng):
    for n, classes, bins in ((300, 4, 15), (80, 2, 5), (50, 10, 1)):
        chances, y = forecasts(rng, n, classes)
        tried = f"{n} answers among {classes} classes, {bins} bins"
        got, _ = measured(student, chances, y, bins, tried, with_table=False)
        slips = {look: counted(chances, y, bins, slip)[0] for slip, look in ERROR_SLIPS.items()}
        slips |= {ERROR_SLIPS["signed"]: -counted(chances, y, bins, "signed")[0]} if counted(chances, y, bins, "signed")[0] < 0 else {}
        want = counted(chances, y, bins)[0]
        slips = {look: value for look, value in slips.items() if abs(value - want) > 1e-9}
        expect_close(got, want, tried=tried, look=fits(got, slips, "sum over the bins: count / n * |accuracy - mean confidence|"))


@calibration.property("a confidence of exactly 1 belongs to the last bin")
def takes_certainty(student, rng):
    chances = np.array([[1.0, 0.0], [0.0, 1.0], [0.97, 0.03], [0.5, 0.5]])
    y = np.array([0, 0, 0, 1])
    tried = "confidences 1, 1, 0.97 and 0.5, in 10 bins"
    look = "int(1.0 * bins) is bins, one too many: np.minimum(..., bins - 1)"
    try:
        error, got = measured(student, chances, y, 10, tried, with_table=False)
    except IndexError as wrong:
        raise Wrong(tried=tried, got=f"IndexError: {wrong}", expected="3 answers in the last bin", look=look) from None
    expect_close(got[-1], [3, 2.97 / 3, 2 / 3], tried=f"{tried}; the last row", look=look)
    expect_close(error, counted(chances, y, 10)[0], tried=tried, look=look)


@calibration.property("always right and always certain: the error is 0; always certain and never right: it is 1")
def knows_the_ends(student, rng):
    y = rng.integers(0, 3, size=20)
    for right, want in ((0, 0.0), (1, 1.0)):
        tried = f"certain answers, {'all wrong' if right else 'all right'}"
        got, _ = measured(student, np.eye(3)[(y + right) % 3], y, 15, tried, with_table=False)
        expect_close(got, want, tried=tried, look="|accuracy - confidence| in the last bin, where all answers are")


@calibration.property("torchmetrics finds the same error")
def equals_torchmetrics(student, rng):
    import torch
    from torchmetrics.functional.classification import multiclass_calibration_error

    chances, y = forecasts(rng, 400, 5, 2.0)
    tried = "400 answers among 5 classes, 15 bins, and torchmetrics on the same"
    got, _ = measured(student, chances, y, 15, tried, with_table=False)
    want = float(multiclass_calibration_error(torch.from_numpy(chances), torch.from_numpy(y), num_classes=5, n_bins=15, norm="l1"))
    slips = {look: counted(chances, y, 15, slip)[0] for slip, look in ERROR_SLIPS.items()}
    look = fits(got, slips, "bins of equal width from 0 to 1; bin m begins at m / bins")
    expect_close(got, want, tried=tried, look=look, tol=1e-5)  # it computes in float32


@calibration.property("probabilities and classes stay as they are")
def calibration_leaves_data(student, rng):
    chances, y = forecasts(rng, 30)
    with unchanged("30 answers", probabilities=chances, y=y):
        student.calibration_error(chances, y, 10)


# ---- temperature ------------------------------------------------------------------------------------------------------

RANGE = "the range is 0.05 to 20"


def probabilities(logits):
    """The softmax of each row."""
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def best_temperature(logits, y):
    """By halving, in [0.05, 20]."""
    low, high, has = 0.05, 20.0, logits[np.arange(len(y)), y].mean()
    for _ in range(80):
        T = np.sqrt(low * high)
        low, high = (T, high) if (probabilities(logits / T) * logits).sum(1).mean() > has else (low, T)
    return low


def by_accuracy(logits, y):
    """The temperature at which the mean confidence is the accuracy."""
    low, high, share = 0.05, 20.0, (logits.argmax(1) == y).mean()
    for _ in range(80):
        T = np.sqrt(low * high)
        low, high = (T, high) if probabilities(logits / T).max(1).mean() > share else (low, T)
    return low


def drawn(rng, n, T, classes=5):
    """Logits, and classes drawn from softmax(logits / T)."""
    logits = 2.0 * rng.standard_normal((n, classes))
    return logits, np.minimum((rng.random((n, 1)) > probabilities(logits / T).cumsum(1)).sum(1), classes - 1)


def found(student, logits, y, tried) -> float:
    """The learner's temperature as a float, or `Wrong`."""
    got = as_array(student.fit_temperature(logits.copy(), y.copy()), tried=tried)
    expect(got.size == 1, tried=tried, got=describe(got), expected="one number", look="one temperature for all rows")
    return float(got.reshape(()))


@temperature.property("the temperature has the lowest cross-entropy")
def temperature_is_best(student, rng):
    for n, T, classes in ((300, 2.0, 5), (300, 0.6, 3), (80, 1.0, 10)):
        logits, y = drawn(rng, n, T, classes)
        want, tried = best_temperature(logits, y), f"{n} rows of {classes} random logits, classes drawn with a temperature of {T:g}"
        got = found(student, logits, y, tried)
        slips = {
            "this is 1 / T: logits are divided by T, not multiplied": 1 / want,
            "this makes the mean confidence equal to the accuracy; asked for is the lowest cross-entropy": by_accuracy(logits, y),
            RANGE: 20.0 if want < 19 else 0.0,
        }
        default = "compare -mean(log p[y]) of softmax(logits / T) a little below and a little above your T"
        if abs(got / want - 1) < 0.05:
            default = "nearly: go on halving (or searching) until T is known to a thousandth; a coarse grid is not enough"
        expect_close(got / want, 1.0, tried=f"{tried}; your T / the best T", tol=2e-3, look=fits(got, slips, default, tol=2e-3 * want))


@temperature.property("logits that are too large by a factor get a temperature that is larger by this factor")
def temperature_scales(student, rng):
    logits, y = drawn(rng, 200, 1.0)
    base = found(student, logits, y, "200 rows of random logits")
    for factor in (3.0, 0.5):
        tried = f"the same 200 rows, all logits times {factor:g}; your new T / your old one"
        look = "logits / T is all that matters: is anything else than logits / T and y in your search?"
        expect_close(found(student, factor * logits, y, tried) / base, factor, tried=tried, tol=6e-3, look=look)


@temperature.property("a number added to all logits of a row changes nothing")
def temperature_ignores_shifts(student, rng):
    logits, y = drawn(rng, 200, 1.5)
    base = found(student, logits, y, "200 rows of random logits")
    for shift in (10.0, 1e4):
        tried = f"rows to which random numbers of the order of {shift:g} are added; your new T / your old one"
        got = found(student, logits + shift * rng.standard_normal((200, 1)), y, tried)
        look = "use the softmax of the lab, which subtracts the largest logit first; exp(10000) is infinite"
        expect_close(got / base, 1.0, tried=tried, tol=6e-3, look=look)


@temperature.property("without a mistake it is 0.05, and if nothing is right it is 20")
def temperature_stays_in_range(student, rng):
    logits = 3.0 * rng.standard_normal((50, 4))
    for y, want, says in ((logits.argmax(1), 0.05, "the largest"), (logits.argmin(1), 20.0, "the smallest")):
        tried = f"50 rows in which {says} logit is always that of the right class"
        got = found(student, logits, y, tried)
        look = f"{RANGE}; at which end does the cross-entropy go on falling?"
        expect_close(got, want, tried=tried, tol=2e-3, look=look)


@temperature.property("logits and classes stay as they are")
def temperature_leaves_data(student, rng):
    logits, y = drawn(rng, 40, 1.0)
    with unchanged("one fit", logits=logits, y=y):
        student.fit_temperature(logits, y)


# ---- compare ----------------------------------------------------------------------------------------------------------

DRAWS = 15000
MANY = 30  # groups, so that the draws are nearly normal and their tails not ragged


def rivals(rng, groups=MANY):
    """Two classifiers on rows of groups of very different sizes. Both stumble over the same rows, A also over some groups as a whole."""
    size = rng.integers(5, 40, size=groups)
    names = np.repeat(rng.permutation(90)[:groups], size)
    hard = rng.random(len(names)) < 0.3
    lapse = np.repeat(rng.uniform(-0.2, 0.5, size=groups), size)
    right_a = ~hard & (rng.random(len(names)) > np.maximum(lapse, 0))
    right_b = ~hard & (rng.random(len(names)) > np.maximum(-lapse, 0.05))
    order = rng.permutation(len(names))
    return right_a[order], right_b[order], names[order]


def resampled(right_a, right_b, groups, slip=""):
    """Ends of the interval with many draws; `slip` names a mistake."""
    rng, d = np.random.default_rng(9), right_a.astype(float) - right_b
    number = np.arange(len(d)) if slip in ("rows", "unpaired") else np.unique(groups, return_inverse=True)[1]
    total, size, results = np.bincount(number, d), np.bincount(number), []
    for _ in range(20 if len(size) < 100 else 8):
        drawn = rng.integers(len(size), size=(2000, len(size)))
        if slip == "unpaired":
            results.append(right_a[drawn].mean(1) - right_b[rng.integers(len(size), size=drawn.shape)].mean(1))
        elif slip == "mean of means":
            results.append((total / size)[drawn].mean(1))
        else:
            results.append(total[drawn].sum(1) / size[drawn].sum(1))
    tail = 0.05 if slip == "90" else 0.025
    return np.quantile(np.concatenate(results), [tail, 1 - tail])


INTERVAL_SLIPS = {
    "rows": "these ends come from drawing rows; draw whole groups, and keep all rows of each",
    "unpaired": "A and B were drawn separately; draw once, and take the difference on the same rows",
    "mean of means": "each group counts by its number of rows: sum of the sums / sum of the sizes, not the mean of the groups' means",
    "90": "this is the middle 90 %: the quantiles are 0.025 and 0.975",
}


def interval(student, right_a, right_b, groups, tried, *options):
    """Difference, low and high of the learner as floats, or `Wrong`."""
    made = student.paired_interval(right_a.copy(), right_b.copy(), groups.copy(), *options)
    if not isinstance(made, tuple | list) or len(made) != 3:
        got = f"{len(made)} values" if isinstance(made, tuple | list) else describe(made)
        raise Wrong(tried=tried, got=got, expected="three values: the difference, the lower and the upper end")
    made = [as_array(each, tried=tried) for each in made]
    expect(all(each.size == 1 for each in made), tried=tried, got="arrays", expected="three numbers", look="one number each")
    return tuple(float(each.reshape(())) for each in made)


@compare.property("the difference is that of the two accuracies")
def compare_difference(student, rng):
    for _ in range(3):
        right_a, right_b, groups = rivals(rng)
        tried = f"{len(groups)} rows in {MANY} groups"
        got, _, _ = interval(student, right_a, right_b, groups, tried, 50, 1)
        want = right_a.mean() - right_b.mean()
        names = np.unique(groups)
        slips = {
            "B minus A: the sign is turned round": -want,
            INTERVAL_SLIPS["mean of means"]: np.mean([right_a[groups == g].mean() - right_b[groups == g].mean() for g in names]),
        }
        expect_close(got, want, tried=tried, look=fits(got, slips, "the accuracy of A on all rows minus that of B"))


@compare.property("the interval comes from drawing whole groups")
def compare_draws_groups(student, rng):
    for _ in range(2):
        right_a, right_b, groups = rivals(rng)
        tried = f"{len(groups)} rows in {MANY} groups of 5 to 39, {DRAWS} draws; the two ends"
        got = np.array(interval(student, right_a, right_b, groups, tried, DRAWS, 2)[1:])
        want = resampled(right_a, right_b, groups)
        width = want[1] - want[0]
        if np.abs(got - want).max() <= 0.05 * width:
            continue
        off = {look: np.abs(got - resampled(right_a, right_b, groups, slip)).max() for slip, look in INTERVAL_SLIPS.items()}
        nearest = min(off, key=off.get)
        look = nearest if off[nearest] < 0.06 * width else "the quantiles 0.025 and 0.975 of sum of sums / sum of sizes over the draws"
        if got[0] > got[1]:
            look = "the lower end comes first"
        if np.abs(got + want[::-1]).max() <= 0.05 * width:
            look = "B minus A: the sign is turned round"
        if got[0] == got[1]:
            look = "every draw gives the same: draw groups with repetition, so that some come twice and others not at all"
        expected = f"about {want[0]:.3f} and {want[1]:.3f}"
        raise Wrong(tried=tried, got=f"{got[0]:.3f} and {got[1]:.3f}", expected=expected, look=look)


@compare.property("if every row is a group of its own, it is the ordinary paired bootstrap")
def compare_draws_rows(student, rng):
    right_a, right_b, _ = rivals(rng, 12)
    groups = rng.permutation(len(right_a))
    tried = f"{len(groups)} rows, each a group of its own; the two ends"
    got = np.array(interval(student, right_a, right_b, groups, tried, 3000, 3)[1:])
    want, apart = resampled(right_a, right_b, groups), resampled(right_a, right_b, groups, "unpaired")
    width = want[1] - want[0]
    look = "draw as many groups as there are, with repetition"
    if np.abs(got - apart).max() < 0.2 * width and np.abs(want - apart).max() > 0.2 * width:
        look = INTERVAL_SLIPS["unpaired"]
    close = np.abs(got - want).max() <= 0.16 * width
    expect(close, tried=tried, got=f"{got[0]:.3f} and {got[1]:.3f}", expected=f"about {want[0]:.3f} and {want[1]:.3f}", look=look)


@compare.property("two classifiers that are right on the same rows differ by 0, without doubt")
def compare_twins(student, rng):
    right, _, groups = rivals(rng)
    tried = "the same answers as A and as B"
    got = interval(student, right, right, groups, tried)
    look = "both must be judged on the same draw; then every draw gives exactly 0"
    expect(got == (0.0, 0.0, 0.0), tried=tried, got=got, expected="0, 0, 0", look=look)


@compare.property("the names of the groups do not matter")
def compare_any_names(student, rng):
    right_a, right_b, groups = rivals(rng, 5)
    number = np.unique(groups, return_inverse=True)[1]
    tried = "five groups, named by the numbers 0 to 4, and then by -7, -1, 2, 40 and 999"
    want = interval(student, right_a, right_b, number, tried, 300, 4)
    look = "np.unique(groups, return_inverse=True) numbers the groups, whatever they are called"
    try:
        got = interval(student, right_a, right_b, np.array([-7, -1, 2, 40, 999])[number], tried, 300, 4)
    except (TypeError, ValueError, IndexError) as error:
        raise Wrong(tried=tried, got=f"{type(error).__name__}: {error}", expected="the same interval", look=look) from None
    same = np.allclose(got, want, atol=1e-12)
    expect(same, tried=tried, got=f"{np.round(want, 4).tolist()}, then {np.round(got, 4).tolist()}", expected="the same", look=look)


@compare.property("the same seed gives the same interval; with a single draw both ends are one number")
def compare_follows_the_seed(student, rng):
    right_a, right_b, groups = rivals(rng)
    tried = "the seeds 7, 7 and then others, 40 draws"
    first, second = (interval(student, right_a, right_b, groups, tried, 40, 7) for _ in range(2))
    look = "take all randomness from np.random.default_rng(seed), made inside the function"
    expect(first == second, tried=tried, got="two different intervals for seed 7", expected="the same", look=look)
    others = [interval(student, right_a, right_b, groups, tried, 40, seed) for seed in range(5)]
    expect(any(other != first for other in others), tried=tried, got="always the same interval", expected="other intervals", look=look)
    ends = interval(student, right_a, right_b, groups, "one draw", 1, 7)[1:]
    look = "draws is the number of bootstrap samples"
    expect(ends[0] == ends[1], tried="draws = 1", got=f"ends {ends[0]:.4f} and {ends[1]:.4f}", expected="one number twice", look=look)


@compare.property("answers and groups stay as they are")
def compare_leaves_data(student, rng):
    right_a, right_b, groups = rivals(rng, 4)
    with unchanged("one comparison", right_a=right_a, right_b=right_b, groups=groups):
        student.paired_interval(right_a, right_b, groups, 50, 0)
