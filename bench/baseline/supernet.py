"""The TE-NAS supernet of NAS-Bench-201 in PyTorch, written from its description, with canonical parameter names.

Used by the baselines only: what people would run today. Nothing of the authors' code is here.
"""

import json
import struct

import numpy
import torch
from torch import nn

EDGES = ("1-0", "2-0", "2-1", "3-0", "3-1", "3-2")
OPERATIONS = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")


def read_safetensors(path):
    """Tensors by name."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        data = file.read()
    types = {"F32": numpy.float32, "F64": numpy.float64, "I64": numpy.int64}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        values = numpy.frombuffer(data[begin:end], types[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors


class ReluConvNorm(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.relu = nn.ReLU()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return self.bn(self.conv(self.relu(x)))


class Cell(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.edges = nn.ModuleDict()
        for edge in EDGES:
            self.edges[edge] = nn.ModuleDict(
                {
                    "skip_connect": nn.Identity(),
                    "nor_conv_1x1": ReluConvNorm(channels, channels, 1),
                    "nor_conv_3x3": ReluConvNorm(channels, channels, 3),
                    "avg_pool_3x3": nn.AvgPool2d(3, 1, 1, count_include_pad=False),
                }
            )

    def forward(self, x, weights):
        nodes = [x]
        for target in range(1, 4):
            total = 0
            for source in range(target):
                row = weights[EDGES.index(f"{target}-{source}")]
                for index, name in enumerate(OPERATIONS):
                    if name != "none" and row[index] > 0.01:
                        total = total + row[index] * self.edges[f"{target}-{source}"][name](nodes[source])
            nodes.append(total)
        return nodes[3]


class Reduction(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.conv_a = ReluConvNorm(inputs, outputs, 3, 2)
        self.conv_b = ReluConvNorm(outputs, outputs, 3)
        self.shortcut = nn.ModuleDict(
            {"pool": nn.AvgPool2d(2, 2), "conv": nn.Conv2d(inputs, outputs, 1, bias=False)}
        )

    def forward(self, x):
        return self.conv_b(self.conv_a(x)) + self.shortcut["conv"](self.shortcut["pool"](x))


class Supernet(nn.Module):
    """Three stages of one cell; `alpha` mixes the operations by softmax and, as published, is a parameter."""

    def __init__(self, channels, classes, stem=True, stages=3):
        super().__init__()
        self.stem = nn.ModuleDict(
            {"conv": nn.Conv2d(3, channels, 3, 1, 1, bias=False), "bn": nn.BatchNorm2d(channels)}
        ) if stem else None
        cells = [Cell(channels)]
        for _ in range(stages - 1):
            cells += [Reduction(channels, 2 * channels), Cell(2 * channels)]
            channels *= 2
        self.cells = nn.ModuleList(cells)
        self.last = nn.ModuleDict({"bn": nn.BatchNorm2d(channels), "relu": nn.ReLU()})
        self.classifier = nn.Linear(channels, classes)
        self.alpha = nn.Parameter(torch.zeros(len(EDGES), len(OPERATIONS)))

    def forward(self, x):
        weights = torch.softmax(self.alpha, dim=1)
        if self.stem is not None:
            x = self.stem["bn"](self.stem["conv"](x))
        for cell in self.cells:
            x = cell(x, weights) if isinstance(cell, Cell) else cell(x)
        x = self.last["relu"](self.last["bn"](x)).mean((2, 3))
        return self.classifier(x)


def canonical(name):
    return name.replace(".edges.", ".")


def load(network, tensors, prefix=""):
    """Gives the network the tensors of its canonical names."""
    with torch.no_grad():
        for name, value in list(network.named_parameters()) + list(network.named_buffers()):
            if name == "alpha" or name.endswith("num_batches_tracked"):
                continue
            value.copy_(tensors[prefix + canonical(name)])
