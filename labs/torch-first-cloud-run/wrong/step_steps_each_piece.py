"""Takes a step of the optimizer after each piece."""

# fails: step/clips, step/half_precision, step/returns_the_loss
# fails: step/same_in_pieces
# hears: one gradient, that of the mean over the whole batch


def train_step(run: SimpleNamespace) -> float:
    device, dtype = run.machine["device"], getattr(torch, run.machine["dtype"])
    rows, total = next_rows(run.batches), 0.0
    run.model.train()
    run.optimizer.zero_grad()
    for piece in rows.tensor_split(run.machine["pieces"]):
        if len(piece) == 0:  # a short batch may have fewer rows than pieces
            continue
        with torch.autocast(device, dtype=dtype, enabled=dtype != torch.float32):
            scores = run.model(run.data["X"][piece])
            loss = F.cross_entropy(scores, run.data["y"][piece], reduction="sum") / len(rows)
        run.scaler.scale(loss).backward()
        total += loss.item()
        run.scaler.step(run.optimizer)
        run.optimizer.zero_grad()
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return total
