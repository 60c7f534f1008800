"""Frees the stage that is next and leaves all modes and flags to the caller."""

# fails: unfreeze/freezes_below
# hears: model.train() has just undone it


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    for stage in model.stages[until:]:
        stage.requires_grad_(True)
        stage.train()
    known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for group in parameter_groups(model, lr, factor, weight_decay):
        new = [parameter for parameter in group["params"] if id(parameter) not in known]
        if new:
            optimizer.add_param_group({**group, "params": new})
