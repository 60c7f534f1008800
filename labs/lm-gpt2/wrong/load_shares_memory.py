"""Lets the model use the tensors of the checkpoint themselves."""

# fails: load/load_copies
# hears: the checkpoint changed


def load_gpt2(model, state):
    own = dict(model.named_parameters())
    names = {name: name.removeprefix("transformer.") for name in state if not name.endswith(SKIPPED)}
    if set(own) != set(names.values()):
        raise KeyError("the names differ")
    for name, mine in names.items():
        own[mine].data = state[name].T if mine.endswith(CONV1D) else state[name]
