"""Saves before it logs."""

# fails: train/log_before_save
# hears: a step that is in the state, and not in the log


def train(
    run: SimpleNamespace, until: int, save: Callable, log: Callable, every: float, deadline=math.inf, stop=never, clock=time.monotonic
) -> str:
    started = saved_at = clock()
    saved_step, longest, why = run.step, 0.0, "done"
    while run.step < until:
        now = clock()
        if stop() or now + longest > deadline:
            why = "stopped" if stop() else "deadline"
            break
        rate = run.scheduler.get_last_lr()[0]
        loss = train_step(run)
        longest = max(longest, clock() - now)
        entry = {"step": run.step, "loss": loss, "lr": rate, "seconds": clock() - started}
        if clock() - saved_at >= every:
            save()
            saved_at, saved_step = clock(), run.step
        log(entry)
    if run.step > saved_step:
        save()
    return why
