"""Walks down every path and sends each contribution on at once: right, but once for each of exponentially many paths."""

# fails: backward/pulls_once, backward/accumulates, backward/long_chain
# hears: first find all nodes, each once


def backward(root):
    def clear(node):
        if node.parents and np.any(node.grad != 0.0):
            node.grad = 0.0
            for parent in node.parents:
                clear(parent)

    def send(node, amount):
        before, node.grad = node.grad, amount
        contributions = node.pull_back()
        node.grad = before + amount
        for parent, gradient in zip(node.parents, contributions):
            send(parent, gradient)

    clear(root)
    send(root, np.ones_like(root.data))
