"""Starts afresh when the folder holds another run."""

# fails: train/refuses_others
# hears: would overwrite another run


def train(folder, settings, data, until, every=20):
    folder.mkdir(parents=True, exist_ok=True)
    run = begin(settings, data)
    try:
        state = newest(folder, settings)
    except ValueError:
        state = None
    if state is not None:
        put_back(run, state)
    while run.step < until:
        advance(run)
        if run.step % every == 0 or run.step == until:
            score = accuracy(run.net, data["X_new"], data["t_new"])
            is_best, run.best = score > run.best, max(score, run.best)
            checkpoint = pack(capture(run))
            if is_best:
                write_atomically(folder / "best.ckpt", checkpoint)
            write_atomically(folder / f"step-{run.step:06d}.ckpt", checkpoint)
            for old in sorted(folder.glob("step-*.ckpt"), key=step_of)[:-2]:
                old.unlink()
    return run
