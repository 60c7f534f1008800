"""Gives the last stage the rate of the head."""

# fails: groups/rates_by_depth
# hears: one step below the head already


def parameter_groups(model, lr, factor, weight_decay):
    groups = []
    for distance, part in enumerate([model.head, *reversed(model.stages)]):
        free = [parameter for parameter in part.parameters() if parameter.requires_grad]
        for params, decay in (([p for p in free if p.ndim > 1], weight_decay), ([p for p in free if p.ndim == 1], 0.0)):
            if params:
                groups.append({"params": params, "lr": lr / factor ** max(distance - 1, 0), "weight_decay": decay})
    return groups
