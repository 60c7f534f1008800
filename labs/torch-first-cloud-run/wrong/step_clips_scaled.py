"""Clips before the gradients are divided by the scale."""

# fails: step/scaler_order
# hears: clip after unscale_


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
    nn.utils.clip_grad_norm_(run.model.parameters(), run.settings["clip"])
    run.scaler.unscale_(run.optimizer)
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return total
