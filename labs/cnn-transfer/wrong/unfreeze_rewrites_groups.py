"""Replaces the groups and keeps the state: rates that were lowered are back at their start."""

# fails: unfreeze/keeps_rates
# hears: only append


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    optimizer.param_groups.clear()
    for group in parameter_groups(model, lr, factor, weight_decay):
        optimizer.add_param_group(group)
