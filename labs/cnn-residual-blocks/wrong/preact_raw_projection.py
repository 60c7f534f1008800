"""The projection reads x itself."""

# fails: preactivation/preactivation_projected, preactivation/preactivation_training, preactivation/preactivation_slopes
# hears: downsample reads the activated input


class PreActBlock(nn.Module):
    expansion = 1
    preactivation = True

    def __init__(self, inplanes: int, planes: int, stride: int = 1):
        super().__init__()
        self.bn1, self.conv1 = nn.BatchNorm2d(inplanes), conv3x3(inplanes, planes, stride)
        self.bn2, self.conv2 = nn.BatchNorm2d(planes), conv3x3(planes, planes)
        self.relu = nn.ReLU()
        self.downsample = conv1x1(inplanes, planes, stride) if stride != 1 or inplanes != planes else None

    def forward(self, x: Tensor) -> Tensor:
        active = self.relu(self.bn1(x))
        shortcut = x if self.downsample is None else self.downsample(x)
        out = self.conv1(active)
        return shortcut + self.conv2(self.relu(self.bn2(out)))
