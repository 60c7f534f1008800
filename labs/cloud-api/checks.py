"""What proves the answers of the lab cloud-api right. No task needs the answer to another one.

Queues, models, clients and clocks are made beside the learner's code by given.py, in made-up time: no check waits for anything.
"""

import json
import math
import re

import numpy as np

from scratchlab.checks import beside, expect, expect_close, given, load_given, task

references = load_given(__file__)

collect = task(
    "collect",
    hints=(
        "Wait for the first job without any limit. Only then does the waiting for others begin, and its end is one fixed moment.",
        "`until = asyncio.get_running_loop().time() + wait`, computed once; then a loop that ends at `most` jobs, or at that moment.",
        "`batch = [await queue.get()]`, then `try: async with asyncio.timeout_at(until): while len(batch) < most: "
        "batch.append(await queue.get())`, and `except TimeoutError: pass`",
    ),
)
settle = task(
    "settle",
    hints=(
        "Leave out who is done; one pass for the others; then results into boxes. If the pass fails, smaller parts, down to one.",
        "`np.stack`, the call of the model and the comparison of lengths all belong into one `try`, with `except Exception`.",
        "In the except: `if len(jobs) > 1:` settle both halves, else `jobs[0].future.set_exception(error)`. Before each "
        "`set_result` or `set_exception`: `if not job.future.done()`",
    ),
)
batching = task(
    "batching",
    hints=(
        "A queue, a worker that loops forever over collect and settle, a function submit, and an end in the right order.",
        "`queue = asyncio.Queue(room)`; submit: refuse if closing, `put_nowait`, `return await job.future`; the worker calls "
        "`queue.task_done()` for each job after `settle`.",
        "`worker = asyncio.create_task(work())`, `try: yield submit`, `finally: closing = True; await queue.join(); worker.cancel()`. "
        "Only the function around assigns `closing`; submit reads it.",
    ),
)
bucket = task(
    "bucket",
    hints=(
        "Between two calls, rate · time tokens drip in, but the bucket never holds more than `burst`.",
        "Update `self.tokens` and `self.moment` in each call, also when you refuse. Missing are 1 - tokens; that takes how long?",
        "`now = self.clock()`, `self.tokens = min(self.burst, self.tokens + self.rate * (now - self.moment))`, `self.moment = now`; "
        "if at least 1: one less and 0.0, else `(1 - self.tokens) / self.rate`",
    ),
)
histogram = task(
    "histogram",
    hints=(
        "Two comment lines, one line for each bucket, two lines more. Bucket lines hold running sums.",
        '`name_bucket{le="bound"} sum`: in an f-string, braces that should appear are doubled: `{{le="{bound}"}}`.',
        '`for bound, count in zip([*self.bounds, "+Inf"], self.counts): below += count; lines.append(...)`; then `_sum` with '
        '`self.total`, `_count` with the last sum; `return "\\n".join(lines) + "\\n"`',
    ),
)
predict = task(
    "predict",
    hints=(
        "From top to bottom in the order of the table. What costs least comes first, and the body is read as late as possible.",
        "Two separate `try`: one around `pixels_of(body)` alone, for ValueError; one around the deadline and submit, for Busy and "
        "TimeoutError.",
        "`async for chunk in request.stream(): body += chunk`, and inside the loop `if len(body) > service.most_bytes: raise "
        'HTTPException(413, "...", {"Connection": "close"})`; later `async with asyncio.timeout(service.deadline):` around submit',
    ),
)


def going_on(told, *, tried, look):
    """`Wrong` if the program got stuck; returns what it told."""
    expect(not told["stuck"], tried=tried, got=told["stuck"], expected="a program that comes to its end", look=look)
    return told


# ---- collect -----------------------------------------------------------------------------------------------------------

BY_THE_LOOP = "time is asyncio.get_running_loop().time(); sleep with asyncio.sleep, never with time.sleep"


def batches_of(student, moments, most, wait, calls, *, tried, take=0.0):
    """The batches, and when they left."""
    told = beside(student, references.collected)(student.collect, list(moments), most, wait, calls, take)
    look = "each call needs one `await queue.get()` that may wait without limit, and an end after `wait` seconds; " + BY_THE_LOOP
    going_on(told, tried=tried, look=look)
    look = "collect returns the jobs themselves; `queue.get()` gives them only with `await` before it"
    expect(told["kinds"][-1] == "list", tried=tried, got=f"a {told['kinds'][-1]}", expected="a list of jobs", look=look)
    return told


def expect_batches(told, batches, times, *, tried, look):
    """`Wrong` unless these batches left at these times."""
    expect(told["batches"] == batches, tried=tried, got=f"batches {told['batches']}", expected=f"batches {batches}", look=look)
    for got, want in zip(told["times"], times, strict=True):
        expect(abs(got - want) < 1e-6, tried=tried, got=f"the batch at {got:.4f} s", expected=f"at {want:.4f} s", look=look)


@collect.property("it waits for the first job as long as it takes, and returns a list")
def waits_for_the_first(student, rng):
    late = float(rng.integers(50, 100))
    tried = f"an empty queue, most 4, wait 0.01; the first job comes after {late:.0f} s"
    told = batches_of(student, [late], 4, 0.01, 1, tried=tried)
    look = "the first `await queue.get()` stands outside of any timeout: an empty batch is no batch"
    expect(told["batches"] == [[0]], tried=tried, got=f"batches {told['batches']}", expected="batches [[0]]", look=look)


@collect.property("a full batch leaves at once", after="waits_for_the_first")
def full_leaves_at_once(student, rng):
    count, most = int(rng.integers(9, 12)), 4
    tried = f"{count} jobs in the queue, most {most}, wait 10"
    told = batches_of(student, [0] * count, most, 10.0, 2, tried=tried)
    look = "`while len(batch) < most`: when it is full, nothing is left to wait for, and the others stay in the queue"
    expect_batches(told, [[0, 1, 2, 3], [4, 5, 6, 7]], [0, 0], tried=tried, look=look)
    told = batches_of(student, [0, 0, 0], 1, 10.0, 3, tried="most 1: batches of a single job")
    expect_batches(told, [[0], [1], [2]], [0, 0, 0], tried="most 1: batches of a single job", look=look)


@collect.property("who comes within `wait` seconds gets in, and then the batch leaves", after="waits_for_the_first")
def partial_leaves_in_time(student, rng):
    start = float(rng.integers(1, 9))
    tried = "jobs after 0, 6, 9 and 20 ms, most 32, wait 10 ms"
    told = batches_of(student, [start, start + 0.006, start + 0.009, start + 0.02], 32, 0.01, 1, tried=tried)
    look = "take jobs until the moment at which the first one has waited `wait` seconds; " + BY_THE_LOOP
    expect_batches(told, [[0, 1, 2]], [start + 0.01], tried=tried, look=look)


@collect.property("the clock starts with the first job and is not set back by others", after="waits_for_the_first")
def one_deadline(student, rng):
    tried = "a job every 8 ms, most 32, wait 10 ms"
    told = batches_of(student, [0.008 * number + 1 for number in range(40)], 32, 0.01, 2, tried=tried)
    look = "count from the moment at which the first job was taken, not anew with each job: under a steady trickle the batch would " + (
        "leave only when it is full"
    )
    expect_batches(told, [[0, 1], [2, 3]], [1.01, 1.026], tried=tried, look=look)


@collect.property("jobs that are in the queue already are taken even if wait is 0", after="waits_for_the_first")
def takes_what_is_there(student, rng):
    for wait in (0, 0.0):
        tried = "5 jobs in the queue, most 8, wait 0"
        told = batches_of(student, [0] * 5, 8, wait, 1, tried=tried)
        look = "`wait` is for jobs that are not there yet; first take, with queue.get_nowait() or a get() that need not wait"
        expect_batches(told, [[0, 1, 2, 3, 4]], [0], tried=tried, look=look)


@collect.property("no job is lost, doubled or overtaken", after="waits_for_the_first")
def keeps_all(student, rng):
    moments = np.cumsum(rng.exponential(0.002, 60))
    tried = "60 jobs at random moments, most 5, wait 4 ms, 7 ms of work after each batch"
    told = batches_of(student, moments.tolist(), 5, 0.004, 12, tried=tried, take=0.007)
    sizes = [len(batch) for batch in told["batches"]]
    expect(max(sizes) <= 5, tried=tried, got=f"a batch of {max(sizes)}", expected="at most 5", look="`most` counts the first job, too")
    got = [number for batch in told["batches"] for number in batch]
    look = "a job that was taken out of the queue belongs into the batch, also when the time is up in that very moment"
    expect(got == list(range(len(got))), tried=tried, got=f"the order {got[:20]} ...", expected="0, 1, 2, ... in their order", look=look)
    arrived = int((moments < told["times"][-1] + 0.007).sum())
    expect(len(got) + told["rest"] == arrived, tried=tried, got=f"{len(got)} taken, {told['rest']} left", expected=f"{arrived}", look=look)


# ---- settle ------------------------------------------------------------------------------------------------------------


def boxes(student, count, *, tried, look, **options):
    """What is in the futures after settle, and how the model was used."""
    told = beside(student, references.settled)(student.settle, count, **options)
    return going_on(told, tried=tried, look=look)


def expect_inside(told, wanted, *, tried, look):
    """`Wrong` unless the futures hold these things."""
    for number, (got, want) in enumerate(zip(told["inside"], wanted, strict=True)):
        note = "nothing: its client waits forever" if got == "nothing" else got
        expect(got == want, tried=tried, got=f"job {number} holds {note}", expected=f"job {number} holds {want}", look=look)


@settle.property("one pass, stacked inputs, and each job gets its own result")
def one_pass(student, rng):
    count = int(rng.integers(5, 9))
    tried = f"{count} good jobs with inputs of shape (3,)"
    told = boxes(student, count, tried=tried, look="fill each future: job.future.set_result(result)")
    expect(told["shapes"] == [[count, 3]], tried=tried, got=f"passes with inputs of shapes {told['shapes']}", expected=f"[[{count}, 3]]",
           look="np.stack([job.x for job in jobs]), once: that is what batches are for")  # fmt: skip
    expect_inside(told, [10.0 * number for number in range(count)], tried=tried, look="results come in the order of the inputs")


@settle.property("jobs whose client has gone are left out of the pass", after="one_pass")
def leaves_out_the_gone(student, rng):
    gone = sorted(int(each) for each in rng.choice(6, 2, replace=False))
    tried = "6 jobs, 2 of which were canceled before"
    told = boxes(student, 6, gone=gone, tried=tried, look="a future that is done() needs nothing any more")
    here = [number for number in range(6) if number not in gone]
    look = "leave jobs with job.future.done() out before you stack: nobody wants their result"
    expect(told["numbers"] == [here], tried=tried, got=f"passes with the jobs {told['numbers']}", expected=str([here]), look=look)
    expect_inside(told, ["cancelled" if number in gone else 10.0 * number for number in range(6)], tried=tried, look=look)
    tried = "2 jobs, both canceled before"
    told = boxes(student, 2, gone=[0, 1], tried=tried, look="return if no job is left")
    expect(
        told["numbers"] == [], tried=tried, got=f"passes with {told['numbers']}", expected="no pass at all", look="return if no job is left"
    )


@settle.property("a client who leaves during the pass does not harm the others", after="one_pass")
def survives_leaving(student, rng):
    leaver = int(rng.integers(0, 3))
    look = "a future can be canceled while the model runs: ask `if not job.future.done()` again before set_result"
    tried = "4 jobs; one is canceled during the pass"
    told = boxes(student, 4, leaves=[leaver], seconds=1.0, tried=tried, look=look)
    expect_inside(told, ["cancelled" if number == leaver else 10.0 * number for number in range(4)], tried=tried, look=look)
    tried = "1 job, which is canceled during a pass that fails"
    told = boxes(student, 1, leaves=[0], bad=[0], seconds=1.0, tried=tried, look="ask for done() before set_exception, too")
    expect_inside(told, ["cancelled"], tried=tried, look="ask for done() before set_exception, too")


@settle.property("poison reaches only those who sent it", after="one_pass")
def isolates_poison(student, rng):
    for count, bad in ((1, [0]), (7, [int(rng.integers(7))]), (8, [0, 7]), (6, sorted(int(n) for n in rng.choice(6, 3, replace=False)))):
        tried = f"{count} jobs, {len(bad)} of which make the model raise Poison"
        look = "when a pass of several fails, try smaller parts; only who fails alone gets the error"
        told = boxes(student, count, bad=bad, tried=tried, look=look)
        expect_inside(told, ["Poison" if number in bad else 10.0 * number for number in range(count)], tried=tried, look=look)
        if count == 1:
            expect(
                len(told["numbers"]) == 1,
                tried=tried,
                got=f"{len(told['numbers'])} passes",
                expected="1 pass",
                look="who is alone is not tried again",
            )


@settle.property("inputs that do not fit together are poison, too", after="isolates_poison")
def isolates_misfits(student, rng):
    odd = int(rng.integers(5))
    tried = "5 jobs, one of which has an input of another shape"
    look = "np.stack raises here, so it belongs into the `try`, in front of the model"
    told = boxes(student, 5, odd=[odd], tried=tried, look=look)
    expect_inside(told, [10.0 * number for number in range(5)], tried=tried, look=look)


@settle.property("a wrong number of results is an error of the pass, and leaves nobody waiting", after="one_pass")
def counts_results(student, rng):
    look = "compare len(results) with len(jobs) inside the `try` and raise an error if they differ; with too few, `zip` ends early"
    for drop in (1, -1):
        tried = f"a model that returns {'one result too few' if drop > 0 else 'one result too many'} for several inputs"
        told = boxes(student, 4, drop=drop, least=1, tried=tried, look=look)
        expect_inside(told, [0.0, 10.0, 20.0, 30.0], tried=tried, look=look)
    tried = "a model that returns no results at all"
    told = boxes(student, 3, drop=9, tried=tried, look=look)
    for number, got in enumerate(told["inside"]):
        right = isinstance(got, str) and got not in ("nothing", "cancelled")
        expect(right, tried=tried, got=f"job {number} holds {got}", expected="an error in each future", look=look)


@settle.property("it ends when it is canceled itself")
def can_be_cancelled(student, rng):
    tried = "3 jobs, a pass of 10 s, and a cancel after 1 s"
    look = "asyncio.CancelledError must go through: `except Exception` lets it pass, `except BaseException` and a bare `except` swallow it"
    told = boxes(student, 3, seconds=10.0, ends=1.0, tried=tried, look=look)
    expect(told["cancelled"], tried=tried, got="it went on", expected="a task that is cancelled()", look=look)
    expect(told["time"] < 9, tried=tried, got=f"the end after {told['time']:.0f} s", expected="after 1 s", look=look)


# ---- batching ----------------------------------------------------------------------------------------------------------


def service(student, requests, leave, *, tried, **options):
    """What became of the requests; collect and settle are not the learner's."""
    with given(student, collect=references.whole_collect, settle=references.whole_settle):
        told = beside(student, references.served)(student.batching, [list(each) for each in requests], leave, **options)
    waiting = "who waits for whom? `queue.join()` waits until task_done() has been called once for each job that was put in"
    return going_on(told, tried=tried, look=waiting)


def expect_outcomes(told, wanted, *, tried, look):
    """`Wrong` unless the requests came to these ends."""
    for number, (got, want) in enumerate(zip(told["outcomes"], wanted, strict=True)):
        expect(got == want, tried=tried, got=f"request {number} gets {got}", expected=f"request {number} gets {want}", look=look)


@batching.property("requests that come together share a pass, and each gets its own answer")
def shares_passes(student, rng):
    numbers = [int(each) for each in rng.permutation(20)[:10]]
    tried = "10 requests at once, most 4, wait 0.1, a pass of 1 s"
    look = "the worker: `jobs = await collect(queue, most, wait)`, then `await settle(model, jobs)`, in an endless loop"
    told = service(student, [(0, number) for number in numbers], 20, wait=0.1, seconds=1.0, tried=tried)
    expect_outcomes(told, [10.0 * number for number in numbers], tried=tried, look=look)
    expect(told["sizes"] == [4, 4, 2], tried=tried, got=f"passes of {told['sizes']}", expected="[4, 4, 2]", look=look)
    tried = "requests after 0 and 0.2 s, wait 0.5"
    told = service(student, [(0, 1), (0.2, 2)], 20, wait=0.5, seconds=1.0, tried=tried)
    expect(told["sizes"] == [2], tried=tried, got=f"passes of {told['sizes']}", expected="[2]", look="pass `most` and `wait` on to collect")


@batching.property("at most `room` requests wait; who comes then hears Busy at once", after="shares_passes")
def says_no_early(student, rng):
    requests = [(0, 1)] + [(0.5, number) for number in range(2, 9)]
    tried = "most 1, room 4, a pass of 1 s: one request is in it, and seven more come"
    look = "asyncio.Queue(room) and put_nowait: QueueFull becomes Busy. `queue.put(...)` would wait for room, and nobody would be refused"
    told = service(student, requests, 30, most=1, room=4, seconds=1.0, tried=tried)
    expect_outcomes(told, [10.0 * number for number in range(1, 6)] + ["Busy"] * 3, tried=tried, look=look)
    late = max(told["times"][5:])
    expect(abs(late - 0.5) < 1e-3, tried=tried, got=f"Busy after {late:.1f} s", expected="at once, at 0.5 s", look=look)


@batching.property("a refusal is not for ever: when there is room again, requests are taken in", after="says_no_early")
def recovers(student, rng):
    requests = [(0, number) for number in range(6)] + [(0.5, number) for number in range(6, 9)] + [(9, 9)]
    tried = "room 2: first too many requests, then one when all is quiet"
    look = "the queue itself knows how full it is; nothing else needs to be counted"
    told = service(student, requests, 20, most=2, room=2, seconds=1.0, tried=tried)
    expect(told["outcomes"][-1] == 90.0, tried=tried, got=f"the last request gets {told['outcomes'][-1]}", expected="90.0", look=look)


@batching.property("room 0 means no bound", after="shares_passes")
def no_bound(student, rng):
    tried = "room 0, 300 requests at once"
    told = service(student, [(0, number) for number in range(300)], 1, room=0, tried=tried)
    look = "asyncio.Queue(0) has no bound; hand `room` to the queue as it is"
    expect_outcomes(told, [10.0 * number for number in range(300)], tried=tried, look=look)


@batching.property("leaving the context answers everything that was taken in", after="shares_passes")
def drains(student, rng):
    tried = "9 requests, most 2, a pass of 1 s; the context is left after 1.5 s"
    look = "in the `finally`: `await queue.join()`, with task_done() once for each job, after it is settled"
    told = service(student, [(0, number) for number in range(9)], 1.5, most=2, seconds=1.0, tried=tried)
    expect_outcomes(told, [10.0 * number for number in range(9)], tried=tried, look=look)
    got = f"the context had been left after {told['left']:.1f} s, {told['waiting']} requests still waiting"
    expect(abs(told["left"] - 5) < 1e-3, tried=tried, got=got, expected="left after 5 s, with all answers", look=look)


@batching.property("it drains also when the block ends with an error, which goes through", after="drains")
def drains_after_errors(student, rng):
    tried = "5 requests in the queue, and a KeyError in the `async with` block"
    look = "`try: yield submit`, and what must happen in any case goes into `finally`"
    told = service(student, [(0, number) for number in range(5)], 0.5, most=2, seconds=1.0, fails=True, tried=tried)
    expect_outcomes(told, [10.0 * number for number in range(5)], tried=tried, look=look)
    got = f"the context had been left after {told['left']:.1f} s, {told['waiting']} requests still waiting"
    expect(abs(told["left"] - 3) < 1e-3, tried=tried, got=got, expected="left after 3 s, with all answers", look=look)
    expect(told["raised"] == "KeyError", tried=tried, got="the error has disappeared", expected="the KeyError comes out of the context",
           look="no `except` around the yield: the error belongs to whoever wrote the block")  # fmt: skip


@batching.property("while it is being left, nothing new gets in", after="drains")
def closes_the_door(student, rng):
    tried = "6 requests, a pass of 1 s for 2; the context is left after 0.5 s; one more request comes at 1.2 s"
    look = "remember that the context is being left, before you wait for the queue, and let submit raise Busy from then on"
    told = service(student, [*((0, number) for number in range(6)), (1.2, 6)], 0.5, most=2, seconds=1.0, tried=tried)
    expect(told["outcomes"][6] == "Busy", tried=tried, got=f"it gets {told['outcomes'][6]}", expected="Busy", look=look)
    expect(told["times"][6] < 1.3, tried=tried, got=f"Busy after {told['times'][6]:.1f} s", expected="Busy at 1.2 s", look=look)


@batching.property("when the context has been left, its worker has ended", after="shares_passes")
def ends_the_worker(student, rng):
    for requests, name in (([(0, 1)], "one request"), ([], "no request at all")):
        tried = f"{name}, and the context left after 5 s"
        look = "`worker.cancel()` as the last thing: a worker that waits for jobs forever keeps everything alive that it holds"
        told = service(student, requests, 5, tried=tried)
        expect(told["tasks"] == 0, tried=tried, got=f"{told['tasks']} task(s) still running", expected="no task", look=look)


@batching.property("errors and clients who give up disturb nobody else", after="drains")
def carries_on(student, rng):
    tried = "5 requests, one of them poison, one by a client who gives up after 0.5 s; passes of 1 s"
    look = "`return await job.future` in submit; the worker's loop must survive whatever happens to a job, and count it with task_done()"
    told = service(student, [(0, number) for number in range(5)], 4, most=2, seconds=1.0, bad=[1], patience=[3, 0.5], tried=tried)
    expect_outcomes(told, [0.0, "Poison", 20.0, "TimeoutError", 40.0], tried=tried, look=look)


# ---- bucket ------------------------------------------------------------------------------------------------------------


def takes(student, rate, burst, moments, *, tried):
    """What `take` returned at these moments."""
    told = beside(student, references.bucketed)(student.TokenBucket, rate, burst, [float(each) for each in moments])
    expect(not told["odd"], tried=tried, got=told["odd"], expected="0.0, or a number of seconds")
    return np.array(told["got"])


@bucket.property("a new bucket is full: `burst` requests at once, and no more")
def starts_full(student, rng):
    burst = int(rng.integers(2, 7))
    tried = f"burst {burst}, {burst + 2} requests at once"
    got = takes(student, 4.0, burst, [100.0] * (burst + 2), tried=tried)
    look = "take one token for each request; refuse if there is less than 1"
    expect(
        (got[:burst] == 0).all() and (got[burst:] > 0).all(),
        tried=tried,
        got=f"{int((got == 0).sum())} let through",
        expected=f"{burst}",
        look=look,
    )


@bucket.property("a refusal says how long until there is a whole token", after="starts_full")
def says_when(student, rng):
    tried = "rate 4, burst 1, requests at 0, 0, 0.125 and 0.25 s"
    got = takes(student, 4.0, 1, [0, 0, 0.125, 0.25], tried=tried)
    look = "missing are 1 - tokens, and `rate` tokens come in each second: divide"
    expect_close(got, [0, 0.25, 0.125, 0], tried=tried, look=look)


@bucket.property("tokens drip in at `rate` a second, in fractions", after="starts_full")
def drips(student, rng):
    tried = "rate 2, burst 2, a request every 0.125 s after two at once"
    got = takes(student, 2.0, 2, [0, *np.arange(0, 4.125, 0.125)], tried=tried)
    look = (
        "add rate · (now - moment), in fractions, and set self.moment in each call, refusals included: else drops are lost or counted twice"
    )
    through = [float(each) for each in np.arange(0, 4.125, 0.125)[got[1:] == 0]]
    expect(through == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4], tried=tried, got=f"let through at {through}", expected="every 0.5 s", look=look)


@bucket.property("a bucket never holds more than `burst`", after="starts_full")
def has_a_brim(student, rng):
    burst = int(rng.integers(2, 5))
    tried = f"burst {burst}, rate 8, one request, an hour of silence, then many"
    got = takes(student, 8.0, burst, [0, *[3600.0] * (burst + 3)], tried=tried)
    look = "min(self.burst, ...): who was silent has saved up no more than a full bucket"
    expect(int((got[1:] == 0).sum()) == burst, tried=tried, got=f"{int((got[1:] == 0).sum())} at once", expected=f"{burst}", look=look)


@bucket.property("it does the same as a reference on random requests", after="starts_full")
def follows_the_reference(student, rng):
    rate, burst = float(2 ** rng.integers(0, 4)), int(rng.integers(1, 6))
    gaps = [*rng.integers(0, 5, 40), 160, *[0] * 8, *[1] * 32]  # sixteenths of a second: at random, silence, many at once, a trickle
    moments = 50 + np.cumsum(gaps) / 16
    tokens, last, want = float(burst), moments[0], []
    for moment in moments:
        tokens, last = min(burst, tokens + rate * (moment - last)), moment
        want.append(0.0 if tokens >= 1 else (1 - tokens) / rate)
        tokens -= tokens >= 1
    tried = f"rate {rate:g}, burst {burst}, {len(moments)} requests: at random, then silence, then many at once"
    look = "a refused request costs no token; a request that finds exactly 1 token is let through"
    expect_close(takes(student, rate, burst, moments, tried=tried), want, tried=tried, look=look)


# ---- histogram ---------------------------------------------------------------------------------------------------------

SAMPLE = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{le="([^"]+)"\})? (\S+)$')


def number_of(text):
    """The number that a text says, or NaN."""
    try:
        return float(text)
    except ValueError:
        return math.nan


def page_of(student, bounds, values, *, tried, name="request_seconds"):
    """The lines of a rendered histogram: the text, its buckets [(le, count)], and its other samples by name."""
    told = beside(student, references.rendered)(student.Histogram, name, "How long it took.", list(bounds), list(values))
    expect(told["kind"] == "str", tried=tried, got=f"a {told['kind']}", expected="one text", look='return "\\n".join(lines) + "\\n"')
    buckets, others = [], {}
    for line in told["text"].splitlines():
        found = SAMPLE.match(line)
        if found and found[1] == f"{name}_bucket" and found[2]:
            buckets.append((number_of(found[2]), number_of(found[3])))
        elif found and not found[2]:
            others[found[1]] = number_of(found[3])
    return told, buckets, others


def some_values(rng):
    """Bounds, and values: some below all, some on a bound, some above all."""
    bounds = [0.25, 0.5, 2.0, 8.0]
    return bounds, [*bounds, *(rng.integers(1, 80, 30) / 8).tolist(), 100.0]


@histogram.property("every line has the form that Prometheus reads")
def well_formed(student, rng):
    bounds, values = some_values(rng)
    tried = "a histogram `request_seconds` with 4 bounds"
    told, buckets, _ = page_of(student, bounds, values, tried=tried)
    text, name = told["text"], "request_seconds"
    expect(text.endswith("\n"), tried=tried, got=f"a text that ends with {text[-10:]!r}", expected="a newline after the last line")
    lines = text.splitlines()
    for want in (f"# HELP {name} How long it took.", f"# TYPE {name} histogram"):
        expect(lines.count(want) == 1, tried=tried, got=f"the lines {lines[:2]}", expected=want, look="HELP and TYPE come first, each once")
    for line in lines[2:]:
        form = f'{name}_bucket{{le="0.5"}} 3, {name}_sum 1.5 or {name}_count 3'
        expect(
            SAMPLE.match(line),
            tried=tried,
            got=f"the line {line!r}",
            expected=form,
            look="straight quotes around the bound, one space, a number",
        )
    expect(
        len(buckets) == 5,
        tried=tried,
        got=f"{len(buckets)} bucket lines",
        expected="5: one for each bound, and one for +Inf",
        look='le="+Inf"',
    )


@histogram.property("buckets are cumulative: each counts all values up to its bound", after="well_formed")
def cumulates(student, rng):
    bounds, values = some_values(rng)
    tried = f"{len(values)} values, bounds {bounds}"
    _, buckets, _ = page_of(student, bounds, values, tried=tried)
    want = [sum(value <= bound for value in values) for bound in (*bounds, math.inf)]
    expect(
        [bound for bound, _ in buckets] == [*bounds, math.inf],
        tried=tried,
        got=f"bounds {[bound for bound, _ in buckets]}",
        expected=f"{bounds} and +Inf",
    )
    look = "self.counts are the buckets one by one; `le` means less or equal, so add up from the first bucket on"
    expect_close([count for _, count in buckets], want, tried=tried, look=look)


@histogram.property("_count is the number of values and _sum their sum", after="well_formed")
def totals(student, rng):
    bounds, values = some_values(rng)
    tried = f"{len(values)} values"
    _, _, others = page_of(student, bounds, values, tried=tried)
    for name, want in (("request_seconds_sum", sum(values)), ("request_seconds_count", len(values))):
        expect(name in others, tried=tried, got=f"the samples {sorted(others)}", expected=name)
        expect_close(others[name], want, tried=f"{tried}: {name}", look="_sum is self.total, _count all counts together")


@histogram.property("an empty histogram has all its lines, with zeros", after="well_formed")
def can_be_empty(student, rng):
    tried = "a histogram that has seen nothing"
    _, buckets, others = page_of(student, [1.0, 2.0], [], tried=tried)
    look = "print every bucket, also an empty one: a line that is missing and a zero are not the same to a watcher"
    expect(
        buckets == [(1.0, 0.0), (2.0, 0.0), (math.inf, 0.0)],
        tried=tried,
        got=f"buckets {buckets}",
        expected="three buckets with 0",
        look=look,
    )
    expect(
        others == {"request_seconds_sum": 0.0, "request_seconds_count": 0.0},
        tried=tried,
        got=str(others),
        expected="_sum 0 and _count 0",
        look=look,
    )


@histogram.property("it can be read again and again, and by Prometheus' own parser", after="well_formed")
def is_read_by_the_parser(student, rng):
    from prometheus_client.parser import text_string_to_metric_families

    bounds, values = some_values(rng)
    tried = "the text of a histogram, read by prometheus_client"
    told, buckets, _ = page_of(student, bounds, values, tried=tried, name="batch_size")
    expect(
        told["again"],
        tried="render() twice",
        got="two different texts",
        expected="the same text",
        look="render must not change self.counts",
    )
    families = list(text_string_to_metric_families(told["text"]))
    kinds = [(family.name, family.type) for family in families]
    expect(
        kinds == [("batch_size", "histogram")],
        tried=tried,
        got=str(kinds),
        expected="one histogram named batch_size",
        look="# TYPE name histogram",
    )
    read = [(float(each.labels["le"]), each.value) for each in families[0].samples if each.name == "batch_size_bucket"]
    expect(read == buckets, tried=tried, got=f"buckets {read}", expected=f"buckets {buckets}")


# ---- predict -----------------------------------------------------------------------------------------------------------


def body_of(rng):
    """A good body, and the 64 numbers in it."""
    pixels = rng.integers(0, 17, 64)
    return json.dumps({"pixels": pixels.tolist()}), pixels


def told_by(student, chunks, *, tried, look="", **options):
    """What predict made of one request."""
    told = beside(student, references.answered)(student.predict, list(chunks), **options)
    return going_on(told, tried=tried, look=look or "read the body with `async for chunk in request.stream()`, which ends with the body")


def expect_status(told, status, *, tried, look):
    """`Wrong` unless the request came to this status."""
    got = f"status {told['status']}" + (f" ({told['error']})" if told["error"] else "")
    expect(told["status"] == status, tried=tried, got=got, expected=f"status {status}", look=look)


@predict.property("a good request is answered, with plain numbers")
def answers(student, rng):
    body, pixels = body_of(rng)
    for chunks in ([body], [body[:50], body[50:100], body[100:]]):
        tried = f"a picture, in {len(chunks)} piece(s)"
        told = told_by(student, chunks, tried=tried)
        expect_status(told, 200, tried=tried, look="join all pieces of the body before pixels_of")
        expect_close(told["x"], (pixels / 16).reshape(1, 8, 8), tried=tried, look="submit what pixels_of gives", tol=1e-6)
        digit = int(np.float32(pixels / 16).sum()) % 10
        want = {"digit": float(digit), "confidence": float(np.float32(0.82))}
        expect(set(told["answer"]) == set(want), tried=tried, got=f"the keys {sorted(told['answer'])}", expected=f"{sorted(want)}")
        expect(
            told["answer"]["digit"] == digit,
            tried=tried,
            got=told["answer"]["digit"],
            expected=digit,
            look="the place of the largest chance: argmax",
        )
        expect_close(told["answer"]["confidence"], want["confidence"], tried=tried, look="the largest chance: max", tol=1e-6)
        expect(told["types"] == ["dict", "int", "float"], tried=tried, got=f"types {told['types']}", expected="dict, int, float",
               look="JSON knows no NumPy numbers: int(...), float(...)")  # fmt: skip


@predict.property("while it is not ready: 503, before anything else, and the client leaves", after="answers")
def not_ready(student, rng):
    tried = "a request while service.ready is false"
    told = told_by(student, ["{}" * 4000], ready=False, pause=9.0, most_bytes=100, tried=tried)
    expect_status(told, 503, tried=tried, look="ask for service.ready first")
    expect(told["takes"] == 0 and told["read"] == 0, tried=tried, got=f"{told['takes']} tokens asked for, {told['read']} pieces read",
           expected="none and none", look="ask for service.ready before the bucket and before the body")  # fmt: skip
    look = 'HTTPException(503, "...", {"Retry-After": "1", "Connection": "close"})'
    for name, value in (("retry-after", "1"), ("connection", "close")):
        expect(
            told["headers"].get(name, "").lower() == value,
            tried=tried,
            got=f"headers {told['headers']}",
            expected=f"{name}: {value}",
            look=look,
        )


@predict.property("an empty bucket: 429 with the seconds to wait, and the body unread", after="answers")
def limits_rate(student, rng):
    body, _ = body_of(rng)
    name = f"client-{int(rng.integers(1000))}"
    for pause, want in ((2.25, "3"), (0.01, "1"), (7.0, "7")):
        tried = f"a bucket whose next token comes in {pause} s"
        told = told_by(student, [body], pause=pause, client=name, tried=tried)
        expect_status(told, 429, tried=tried, look="service.bucket(client).take() returns 0.0 or the seconds to wait")
        got = told["headers"].get("retry-after")
        expect(
            got == want,
            tried=tried,
            got=f"Retry-After {got!r}",
            expected=f"Retry-After {want!r}",
            look="whole seconds, rounded up: str(math.ceil(pause))",
        )
        expect(told["read"] == 0 and told["submitted"] == 0, tried=tried, got=f"{told['read']} pieces of the body read", expected="none",
               look="take the token before you read the body")  # fmt: skip
    expect(told["clients"] == [name], tried=f"X-Client: {name}", got=f"the bucket of {told['clients']}", expected=f"['{name}'], asked once",
           look='service.bucket(request.headers.get("x-client", ""))')  # fmt: skip
    told = told_by(student, [body], client="", tried="no X-Client at all")
    expect_status(told, 200, tried="no X-Client at all", look='request.headers.get("x-client", "")')


@predict.property("too many bytes: 413, as soon as it is known, whatever Content-Length says", after="answers")
def limits_bytes(student, rng):
    body, _ = body_of(rng)
    look = "count what has come after each piece, and stop reading: a body can be endless, and its Content-Length is the client's word"
    for length in (None, 10):
        tried = f"a body of 500 pieces of 10 bytes where 95 are allowed, Content-Length {length}"
        told = told_by(student, ["0123456789"] * 500, most_bytes=95, length=length, tried=tried)
        expect_status(told, 413, tried=tried, look=look)
        expect(told["read"] <= 10, tried=tried, got=f"{told['read']} pieces read", expected="no more than 10", look=look)
    got = told["headers"].get("connection", "").lower()
    expect(
        got == "close",
        tried=tried,
        got=f"headers {told['headers']}",
        expected="Connection: close",
        look="what you did not read would be taken for the next request",
    )
    padded = body + " " * 7
    tried = f"{len(padded)} bytes where {len(padded)} are allowed"
    expect_status(
        told_by(student, [padded[:-9], padded[-9:]], most_bytes=len(padded), tried=tried), 200, tried=tried, look="just as many are allowed"
    )


@predict.property("no picture: 422, and nothing is submitted", after="answers")
def refuses_nonsense(student, rng):
    for body in ("", "{", '{"pixels": [1, 2, 3]}', json.dumps({"pixels": [99] * 64}), '"pixels"'):
        tried = f"the body {body[:24]!r}"
        told = told_by(student, [body], tried=tried)
        expect_status(told, 422, tried=tried, look="a ValueError of pixels_of is the client's mistake: 422")
        expect(told["submitted"] == 0, tried=tried, got="it was submitted", expected="nothing is submitted")


@predict.property("no room: 503 with Retry-After", after="answers")
def passes_busy_on(student, rng):
    body, _ = body_of(rng)
    tried = "a submit that raises Busy"
    told = told_by(student, [body], does="busy", tried=tried)
    expect_status(told, 503, tried=tried, look="except Busy: the service is at fault, and later it may work")
    got = told["headers"].get("retry-after")
    expect(
        got == "1",
        tried=tried,
        got=f"headers {told['headers']}",
        expected="Retry-After: 1",
        look='HTTPException(503, "...", {"Retry-After": "1"})',
    )


@predict.property("no answer in time: 504, and the job is given up", after="answers")
def keeps_the_deadline(student, rng):
    body, _ = body_of(rng)
    tried = "deadline 2 s, an answer after 5 s"
    told = told_by(student, [body], deadline=2.0, tried=tried)
    look = "async with asyncio.timeout(service.deadline) around submit; TimeoutError becomes 504"
    expect_status(told, 504, tried=tried, look=look)
    expect(abs(told["time"] - 2) < 1e-3, tried=tried, got=f"504 after {told['time']:.1f} s", expected="after 2 s", look=look)
    expect(
        told["gave_up"],
        tried=tried,
        got="submit goes on",
        expected="submit is canceled",
        look="no asyncio.shield: nobody wants this answer any more",
    )


@predict.property("a bug of the model is not the client's fault", after="answers")
def owns_its_bugs(student, rng):
    body, _ = body_of(rng)
    tried = "a good picture, and a model that raises a ValueError"
    look = "keep pixels_of alone in its `try`: around submit, a ValueError is a bug of yours, and FastAPI makes it a 500"
    expect_status(told_by(student, [body], does="bug", tried=tried), 500, tried=tried, look=look)
