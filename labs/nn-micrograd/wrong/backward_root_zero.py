"""Forgets that the root's own slope is 1."""

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
    for node in sorted(nodes, key=lambda each: each.number, reverse=True):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
