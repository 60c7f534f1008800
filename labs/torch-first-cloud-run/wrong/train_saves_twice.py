"""Always saves at the end."""

# fails: train/last_save, train/log_before_save, train/meets_the_deadline
# fails: train/nothing_left, train/saves_by_clock, train/stops
# hears: larger than the step that was saved last


def train(
    run: SimpleNamespace, until: int, save: Callable, log: Callable, every: float, deadline=math.inf, stop=never, clock=time.monotonic
) -> str:
    started = saved_at = clock()
    longest, why = 0.0, "done"
    while run.step < until:
        now = clock()
        if stop() or now + longest > deadline:
            why = "stopped" if stop() else "deadline"
            break
        rate = run.scheduler.get_last_lr()[0]
        loss = train_step(run)
        longest = max(longest, clock() - now)
        log({"step": run.step, "loss": loss, "lr": rate, "seconds": clock() - started})
        if clock() - saved_at >= every:
            save()
            saved_at = clock()
    save()
    return why
