"""Pulls back in the order of a breadth-first search."""

# fails: backward/waits
# hears: not as a search finds them


def backward(root):
    order = [root]
    for node in order:
        order.extend(parent for parent in dict.fromkeys(node.parents) if parent not in order)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = root.grad + np.ones_like(root.data)
    for node in order:
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
