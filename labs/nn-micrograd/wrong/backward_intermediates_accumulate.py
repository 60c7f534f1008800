"""Never sets intermediate results back (as in micrograd): a second call counts the first again."""

# fails: backward/accumulates
# hears: set grad to 0 for nodes with parents


def backward(root):
    nodes, waiting = {root}, [root]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in nodes:
                nodes.add(parent)
                waiting.append(parent)
    root.grad = root.grad + np.ones_like(root.data)
    for node in sorted(nodes, key=lambda each: each.number, reverse=True):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
