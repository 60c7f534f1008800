"""Forgets the head."""

# fails: groups/exactly_once
# hears: the head belongs to it


def parameter_groups(model, lr, factor, weight_decay):
    groups = []
    for distance, part in enumerate(reversed(model.stages)):
        free = [parameter for parameter in part.parameters() if parameter.requires_grad]
        for params, decay in (([p for p in free if p.ndim > 1], weight_decay), ([p for p in free if p.ndim == 1], 0.0)):
            if params:
                groups.append({"params": params, "lr": lr / factor ** (distance + 1), "weight_decay": decay})
    return groups
