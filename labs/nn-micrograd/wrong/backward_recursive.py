"""A depth-first search by a function that calls itself."""

# fails: backward/long_chain
# hears: a function that calls itself for each parent goes as deep as the graph


def backward(root):
    order, seen = [], set()

    def visit(node):
        if node not in seen:
            seen.add(node)
            for parent in node.parents:
                visit(parent)
            order.append(node)

    visit(root)
    for node in order:
        if node.parents:
            node.grad = 0.0
    root.grad = root.grad + np.ones_like(root.data)
    for node in reversed(order):
        for parent, gradient in zip(node.parents, node.pull_back()):
            parent.grad = parent.grad + gradient
