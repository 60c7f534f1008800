"""The blocks inherit from PlainBlock, shortcuts are made by one function, functions of PyTorch take the place of modules."""


def shortcut_for(inplanes, outplanes, stride, norm=True):
    if (stride, inplanes) == (1, outplanes):
        return None
    made = nn.Conv2d(inplanes, outplanes, kernel_size=1, stride=stride, bias=False)
    return nn.Sequential(made, nn.BatchNorm2d(outplanes)) if norm else made


class BasicBlock(PlainBlock):
    def __init__(self, inplanes, planes, stride=1):
        super().__init__(inplanes, planes, stride)
        self.downsample = shortcut_for(inplanes, planes, stride)

    def forward(self, x):
        out = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        out += x if self.downsample is None else self.downsample(x)
        return out.clamp(min=0)


class PreActBlock(PlainBlock):
    preactivation = True

    def __init__(self, inplanes, planes, stride=1):
        super().__init__(inplanes, planes, stride)
        self.bn1 = nn.BatchNorm2d(inplanes)
        self.downsample = shortcut_for(inplanes, planes, stride, norm=False)

    def forward(self, x):
        branch = nn.Sequential(self.bn1, nn.ReLU(inplace=True), self.conv1, self.bn2, nn.ReLU(inplace=True), self.conv2)
        if self.downsample is None:
            return branch(x).add(x)
        active = branch[:2](x)
        return torch.add(branch[2:](active), self.downsample(active))


class Bottleneck(BasicBlock):
    expansion = 4

    def __init__(self, inplanes, planes, stride=1):
        nn.Module.__init__(self)
        sizes, strides = (1, 3, 1), (1, stride, 1)
        channels = (inplanes, planes, planes, 4 * planes)
        for k in range(3):
            conv = nn.Conv2d(channels[k], channels[k + 1], sizes[k], strides[k], sizes[k] // 2, bias=False)
            self.add_module(f"conv{k + 1}", conv)
            self.add_module(f"bn{k + 1}", nn.BatchNorm2d(channels[k + 1]))
        self.downsample = shortcut_for(inplanes, 4 * planes, stride)

    def forward(self, x):
        out = x
        for conv, norm in ((self.conv1, self.bn1), (self.conv2, self.bn2)):
            out = F.relu(norm(conv(out)), inplace=True)
        out = self.bn3(self.conv3(out))
        return F.relu(out + (self.downsample(x) if self.downsample else x), inplace=True)
