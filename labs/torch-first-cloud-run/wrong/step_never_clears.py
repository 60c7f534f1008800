"""Leaves the old gradients where they are."""

# fails: step/one_piece
# hears: backward() then adds


def train_step(run: SimpleNamespace) -> float:
    device, dtype = run.machine["device"], getattr(torch, run.machine["dtype"])
    rows, total = next_rows(run.batches), 0.0
    run.model.train()
    for piece in rows.tensor_split(run.machine["pieces"]):
        if len(piece) == 0:  # a short batch may have fewer rows than pieces
            continue
        with torch.autocast(device, dtype=dtype, enabled=dtype != torch.float32):
            scores = run.model(run.data["X"][piece])
            loss = F.cross_entropy(scores, run.data["y"][piece], reduction="sum") / len(rows)
        run.scaler.scale(loss).backward()
        total += loss.item()
    run.scaler.unscale_(run.optimizer)
    nn.utils.clip_grad_norm_(run.model.parameters(), run.settings["clip"])
    run.scaler.step(run.optimizer)
    run.scaler.update()
    run.scheduler.step()
    run.step += 1
    return total
