"""Adds all trainable parameters in every epoch and swallows the error."""

# fails: unfreeze/nothing_twice, unfreeze/newcomers, unfreeze/same_trajectory
# hears: add only what the optimizer does not hold yet


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    for group in parameter_groups(model, lr, factor, weight_decay):
        optimizer.param_groups.append({**optimizer.defaults, **group})
