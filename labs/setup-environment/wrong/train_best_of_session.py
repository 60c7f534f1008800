"""Every session looks for a best of its own."""

# fails: train/best_is_the_best
# hears: which comes back with the state


def train(folder, settings, data, until, every=20):
    folder.mkdir(parents=True, exist_ok=True)
    run, state = begin(settings, data), newest(folder, settings)
    if state is not None:
        put_back(run, state)
    run.best = -1.0
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
