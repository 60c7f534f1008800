"""Sets the leaves back, too."""

# fails: backward/accumulates
# hears: leaves keep what they had


def backward(root):
    nodes, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in nodes:
                nodes.add(parent)
                waiting.append(parent)
    for node in nodes:
        node.grad = 0.0
    root.grad = root.grad + np.ones_like(root.data)
    for node in sorted(nodes, key=lambda each: each.number, reverse=True):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
