"""Deletes the old step files before the new one is written."""

# fails: train/keeps_two_and_best, train/never_without, train/survives_damage
# hears: only after the new one is written


def train(folder, settings, data, until, every=20):
    folder.mkdir(parents=True, exist_ok=True)
    run, state = begin(settings, data), newest(folder, settings)
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
            for old in folder.glob("step-*.ckpt"):
                old.unlink()
            write_atomically(folder / f"step-{run.step:06d}.ckpt", checkpoint)
    return run
