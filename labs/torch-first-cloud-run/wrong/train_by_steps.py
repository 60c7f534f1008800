"""Saves every so many steps, not seconds."""

# fails: train/logs, train/longest_step, train/saves_by_clock
# hears: clock() - saved_at >= every


def train(
    run: SimpleNamespace, until: int, save: Callable, log: Callable, every: float, deadline=math.inf, stop=never, clock=time.monotonic
) -> str:
    started = clock()
    saved_step, longest, why = run.step, 0.0, "done"
    while run.step < until:
        now = clock()
        if stop() or now + longest > deadline:
            why = "stopped" if stop() else "deadline"
            break
        rate = run.scheduler.get_last_lr()[0]
        loss = train_step(run)
        longest = max(longest, clock() - now)
        log({"step": run.step, "loss": loss, "lr": rate, "seconds": clock() - started})
        if run.step % max(1, min(every, 10**9)) == 0:
            save()
            saved_step = run.step
    if run.step > saved_step:
        save()
    return why
