"""A network of bench/shapes/networks in PyTorch, one module for each operation, as the published programs build theirs.

The mixing coefficients are, as there, the softmax of a parameter `alpha`, and an operation runs where its own is above 0.01; an edge
whose alphas are all PRUNED contributes nothing.
"""

import json
import struct

import numpy
import torch
from torch import nn
from torch.nn import functional

(INPUT, CONVOLUTION, BATCH_NORM, RELU, AVERAGE_POOL, MAX_POOL, WEIGHTED_SUM, CONCAT, GLOBAL_AVERAGE_POOL, LINEAR, ZERO,
 PAD_CROP, CHANNEL_SLICE) = range(13)  # winnow_operation
PRUNED = -1000  # what the published program sets an alpha to


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


class Description:
    """A network file: the nodes as tuples (name, operation, choice, inputs, attributes)."""

    def __init__(self, path):
        with open(path, encoding="utf-8") as file:
            lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
        word, choices, coefficient, output = lines[0]
        if word != "network":
            raise ValueError(f"{path}: want network CHOICES COEFFICIENT OUTPUT first")
        self.choices, self.output = int(choices), int(output)
        self.operations = round(1 / float(coefficient))  # of one edge
        self.nodes = [(name, int(operation), int(choice), _integers(inputs), _integers(attributes))
                      for name, operation, choice, inputs, attributes in lines[1:]]
        self.input_shape = self.nodes[0][4]


def _integers(text):
    return [] if text == "-" else [int(word) for word in text.split(",")]


def _real(bits):
    return struct.unpack("<d", struct.pack("<q", bits))[0]


class Crop(nn.Module):
    def __init__(self, top, bottom, left, right):
        super().__init__()
        self.sides = (left, right, top, bottom)

    def forward(self, x):
        return functional.pad(x, self.sides)  # negative: cut off


class Linear(nn.Linear):
    def forward(self, x):
        return super().forward(x.flatten(1))


def _module(operation, attributes, channels):
    """The module of one node and the channels of its value."""
    a = attributes
    if operation == CONVOLUTION:
        conv = nn.Conv2d(channels, a[0], a[1:3], a[3:5], a[5:7], a[7:9], a[9], bias=bool(a[10]))
        return conv, a[0]
    if operation == BATCH_NORM:
        return nn.BatchNorm2d(channels, _real(a[1]), _real(a[2]), affine=bool(a[0])), channels
    if operation == RELU:
        return (nn.ReLU() if _real(a[0]) == 0 else nn.ReLU6()), channels
    if operation == AVERAGE_POOL:
        return nn.AvgPool2d(a[0:2], a[2:4], a[4:6], count_include_pad=bool(a[6])), channels
    if operation == MAX_POOL:
        return nn.MaxPool2d(a[0:2], a[2:4], a[4:6]), channels
    if operation == GLOBAL_AVERAGE_POOL:
        return nn.AdaptiveAvgPool2d(1), channels
    if operation == LINEAR:
        return Linear(channels, a[0], bias=bool(a[1])), a[0]
    if operation == PAD_CROP:
        return Crop(*a), channels
    raise ValueError(f"operation {operation} is not in the baseline")


class Network(nn.Module):
    def __init__(self, description):
        super().__init__()
        self.description = description
        self.alpha = nn.Parameter(torch.zeros(description.choices // description.operations, description.operations))
        self.operations = nn.ModuleDict()
        channels = []
        for index, (_, operation, _, inputs, attributes) in enumerate(description.nodes):
            if operation == INPUT:
                channels.append(attributes[0])
            elif operation == WEIGHTED_SUM:
                channels.append(channels[inputs[0]])
            elif operation == CONCAT:
                channels.append(sum(channels[i] for i in inputs))
            else:
                self.operations[str(index)], outputs = _module(operation, attributes, channels[inputs[0]])
                channels.append(outputs)

    def forward(self, x):
        weights = torch.softmax(self.alpha, dim=1).flatten()
        live = ((weights > 0.01) & (self.alpha.flatten() > PRUNED)).tolist()
        values = [x]
        for index, (_, operation, choice, inputs, choices) in enumerate(self.description.nodes[1:], 1):
            if choice >= 0 and not live[choice]:
                values.append(None)
            elif operation == WEIGHTED_SUM:
                terms = [values[i] if c < 0 else weights[c] * values[i] for i, c in zip(inputs, choices) if c < 0 or live[c]]
                values.append(sum(terms))
            elif operation == CONCAT:
                values.append(torch.cat([values[i] for i in inputs], 1))
            else:
                values.append(self.operations[str(index)](values[inputs[0]]))
        return values[self.description.output]

    def tensors(self):
        """Parameters and buffers by canonical name."""
        named = {}
        for index, module in self.operations.items():
            name = self.description.nodes[int(index)][0]
            for part, value in list(module.named_parameters()) + list(module.named_buffers()):
                if part != "num_batches_tracked":
                    named[f"{name}.{part}"] = value
        return named

    def load(self, tensors, prefix=""):
        with torch.no_grad():
            for name, value in self.tensors().items():
                value.copy_(tensors[prefix + name])
