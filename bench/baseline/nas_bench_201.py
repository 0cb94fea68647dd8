"""Networks of NAS-Bench-201 in PyTorch as the published programs build them: a module for every block, one call after the other.

Parameters carry the canonical names of the golden cases, so weights can be handed over from and to Winnow.
"""

import re

from torch import nn
from torch.nn import functional


class ReluConvBn(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride, padding):
        super().__init__()
        self.relu = nn.ReLU(inplace=False)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(self.relu(x)))


class Stem(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(3, channels, 3, padding=1, bias=False)
        self.bn = nn.BatchNorm2d(channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class Cell(nn.Module):
    """`edges` lists (target, source, operation); a node is the sum of its edges, the last one the output."""

    def __init__(self, edges, channels):
        super().__init__()
        self.edges = edges
        for target, source, operation in edges:
            self.add_module(f"{target}-{source}", nn.ModuleDict({operation: self.operation(operation, channels)}))

    @staticmethod
    def operation(name, channels):
        if name == "nor_conv_1x1":
            return ReluConvBn(channels, channels, 1, 1, 0)
        if name == "nor_conv_3x3":
            return ReluConvBn(channels, channels, 3, 1, 1)
        if name == "avg_pool_3x3":
            return nn.AvgPool2d(3, 1, 1, count_include_pad=False)
        return nn.Identity()

    def forward(self, x):
        nodes = {0: x}
        for target, source, operation in self.edges:
            value = nodes[source].mul(0.0) if operation == "none" else getattr(self, f"{target}-{source}")[operation](nodes[source])
            nodes[target] = nodes[target] + value if target in nodes else value
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, inputs):
        super().__init__()
        self.conv_a = ReluConvBn(inputs, 2 * inputs, 3, 2, 1)
        self.conv_b = ReluConvBn(2 * inputs, 2 * inputs, 3, 1, 1)
        self.shortcut = nn.Sequential()
        self.shortcut.add_module("pool", nn.AvgPool2d(2, 2))
        self.shortcut.add_module("conv", nn.Conv2d(inputs, 2 * inputs, 1, bias=False))

    def forward(self, x):
        return self.shortcut(x) + self.conv_b(self.conv_a(x))


class Network(nn.Module):
    def __init__(self, architecture, channels=16, cells=5, classes=10):
        super().__init__()
        edges = [(target + 1, int(source), operation) for target, node in enumerate(architecture.split("+"))
                 for operation, source in re.findall(r"(\w+)~(\d)", node)]
        self.stem = Stem(channels)
        self.cells = nn.ModuleList()
        for stage in range(3):
            if stage > 0:
                self.cells.append(Reduction(channels))
                channels *= 2
            self.cells.extend(Cell(edges, channels) for _ in range(cells))
        self.last = nn.ModuleDict({"bn": nn.BatchNorm2d(channels), "relu": nn.ReLU(inplace=False)})
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x):
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x)
        x = self.last["relu"](self.last["bn"](x))
        return self.classifier(functional.adaptive_avg_pool2d(x, 1).flatten(1))
