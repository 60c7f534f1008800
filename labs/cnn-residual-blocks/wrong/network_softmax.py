"""Returns probabilities."""

# fails: network/network_scores, network/network_preactivation, network/network_slopes
# hears: the cross-entropy does the softmax


class ResNet(nn.Module):
    def __init__(self, block: type[nn.Module], n: int, width: int = 8, inputs: int = 1, classes: int = 10):
        super().__init__()
        self.preactivation = block.preactivation
        self.conv1, channels = conv3x3(inputs, width), width
        for stage in range(3):
            planes, blocks = width * 2**stage, []
            for number in range(n):
                blocks.append(block(channels, planes, stride=2 if stage > 0 and number == 0 else 1))
                channels = planes * block.expansion
            self.add_module(f"layer{stage + 1}", nn.Sequential(*blocks))
        self.bn1, self.relu = nn.BatchNorm2d(channels if self.preactivation else width), nn.ReLU()
        self.fc = nn.Linear(channels, classes)
        he_start(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        if not self.preactivation:
            x = self.relu(self.bn1(x))
        x = self.layer3(self.layer2(self.layer1(x)))
        if self.preactivation:
            x = self.relu(self.bn1(x))
        return self.fc(x.mean((2, 3))).softmax(1)
