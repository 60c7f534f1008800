"""Sorts the wrong way round: leaves first."""

# fails: backward/chain_rule
# hears: does the root start with slope 1


def backward(root):
    nodes, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in nodes:
                nodes.add(parent)
                waiting.append(parent)
    for node in nodes:
        if node.parents:
            node.grad = 0.0
    root.grad = root.grad + np.ones_like(root.data)
    for node in sorted(nodes, key=lambda each: each.number):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
