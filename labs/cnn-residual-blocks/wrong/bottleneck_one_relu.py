"""No ReLU after the 3 by 3 convolution."""

# fails: bottleneck/bottleneck_outputs, bottleneck/bottleneck_projected, bottleneck/bottleneck_training
# fails: bottleneck/bottleneck_slopes
# hears: between bn2 and conv3


class Bottleneck(nn.Module):
    expansion = 4
    preactivation = False

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        outplanes = planes * self.expansion
        self.conv1, self.bn1 = conv1x1(inplanes, planes), nn.BatchNorm2d(planes)
        self.conv2, self.bn2 = conv3x3(planes, planes, stride), nn.BatchNorm2d(planes)
        self.conv3, self.bn3 = conv1x1(planes, outplanes), nn.BatchNorm2d(outplanes)
        self.relu = nn.ReLU()
        self.downsample = None
        if stride != 1 or inplanes != outplanes:
            self.downsample = nn.Sequential(conv1x1(inplanes, outplanes, stride), nn.BatchNorm2d(outplanes))

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        out = self.bn3(self.conv3(out))
        return self.relu(out + shortcut)
