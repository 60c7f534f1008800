"""Appends the parameters without their settings."""

# fails: unfreeze/newcomers, unfreeze/same_trajectory
# hears: else the optimizer's default is used


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    known = {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
    for group in parameter_groups(model, lr, factor, weight_decay):
        new = [parameter for parameter in group["params"] if id(parameter) not in known]
        if new:
            optimizer.add_param_group({"params": new})
