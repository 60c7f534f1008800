"""Assigns contributions instead of adding them up."""

# fails: backward/adds_up
# hears: add up the contributions; an assignment keeps the last one only


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
    for node in sorted(nodes, key=lambda each: each.number, reverse=True):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = gradient
