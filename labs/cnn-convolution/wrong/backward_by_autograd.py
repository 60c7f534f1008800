"""Asks autograd for the gradients of conv2d."""

# fails: conv2d_backward/backward_is_own_and_clean, conv2d_backward/backward_loops_over_the_kernel_only
# hears: torch.autograd is for comparing afterwards


def conv2d_backward(grad, x, weight, *, stride=1, padding=0, dilation=1, groups=1):
    with torch.enable_grad():
        leaves = [each.detach().clone().requires_grad_() for each in (x, weight, weight.new_zeros(len(weight)))]
        out = conv2d(*leaves, stride=stride, padding=padding, dilation=dilation, groups=groups)
        return torch.autograd.grad(out, leaves, grad)
