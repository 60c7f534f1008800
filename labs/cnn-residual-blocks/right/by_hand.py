"""Stages made by a method, adaptive pooling, nn.Identity where nothing is to be done; gradients by retain_grad and by tensor hooks."""


class ResNet(nn.Module):
    def __init__(self, block, n, width=8, inputs=1, classes=10):
        super().__init__()
        self.inplanes = width
        self.conv1 = nn.Conv2d(inputs, width, 3, padding=1, bias=False)
        self.layer1 = self._stage(block, width, n, 1)
        self.layer2 = self._stage(block, width * 2, n, 2)
        self.layer3 = self._stage(block, width * 4, n, 2)
        norm = nn.BatchNorm2d(self.inplanes if block.preactivation else width)
        self.bn1, self.late = norm, block.preactivation
        self.fc = nn.Linear(self.inplanes, classes)
        for weight in self.parameters():
            if weight.dim() == 4:
                filters, _, rows, columns = weight.shape
                nn.init.normal_(weight, std=(2 / (filters * rows * columns)) ** 0.5)

    def _stage(self, block, planes, n, stride):
        first = block(self.inplanes, planes, stride)
        self.inplanes = planes * block.expansion
        return nn.Sequential(first, *(block(self.inplanes, planes) for _ in range(n - 1)))

    def forward(self, x):
        normed = nn.Sequential(self.bn1, nn.ReLU())
        before, after = (nn.Identity(), normed) if self.late else (normed, nn.Identity())
        x = before(self.conv1(x))
        for stage in (self.layer1, self.layer2, self.layer3):
            x = stage(x)
        return self.fc(F.adaptive_avg_pool2d(after(x), 1).flatten(1))


def gradient_norms(model, x, y):
    found, handles = {}, []

    def watch(number):
        def hook(module, inputs, output):
            output.register_hook(lambda gradient: found.__setitem__(number, gradient.square().sum().sqrt()))

        return hook

    try:
        for number, block in enumerate(blocks_of(model)):
            handles.append(block.register_forward_hook(watch(number)))
        loss = -model(x).log_softmax(1)[torch.arange(len(y)), y].mean()
    finally:
        for handle in handles:
            handle.remove()
    torch.autograd.grad(loss, model.conv1.weight)
    return [float(found[number]) for number in sorted(found)]
