"""The native core through its C interface, enough to run the TE-NAS supernet of NAS-Bench-201 beside the baselines.

A second caller of include/winnow beside Java: it builds the network's description by itself.
"""

import ctypes as c
import struct

import numpy

EDGES = ("1-0", "2-0", "2-1", "3-0", "3-1", "3-2")
INPUT, CONVOLUTION, BATCH_NORM, RELU, AVERAGE_POOL, WEIGHTED_SUM, GLOBAL_AVERAGE_POOL, LINEAR = 0, 1, 2, 3, 4, 6, 8, 9
WEIGHT_ROLES = 1 << 0 | 1 << 2 | 1 << 4  # convolution, linear, norm scale
RUN, SKIP = 0, 1


def _struct(name, *fields):
    return type(name, (c.Structure,), {"_fields_": list(fields)})


_Error = _struct("Error", ("text", c.c_char * 1024))
_DeviceOptions = _struct(
    "DeviceOptions", ("size", c.c_int64), ("kind", c.c_int32), ("index", c.c_int32), ("threads", c.c_int64),
    ("variant", c.c_char_p), ("byte_budget", c.c_int64))
_PlanOptions = _struct(
    "PlanOptions", ("size", c.c_int64), ("batch", c.c_int64), ("dtype", c.c_int32), ("timing", c.c_int32),
    ("taps", c.c_void_p), ("tap_count", c.c_int64))
_Job = _struct("Job", *[(n, c.c_int64) for n in ("row", "parameters", "input", "target", "stream")])
_Images = _struct(
    "Images", ("values", c.c_void_p), ("samples", c.c_int64), ("channels", c.c_int64), ("height", c.c_int64),
    ("width", c.c_int64), ("dtype", c.c_int32), ("reserved", c.c_int32))
_Call = _struct(
    "Call", ("size", c.c_int64), ("jobs", c.c_void_p), ("job_count", c.c_int64), ("coefficients", c.c_void_p),
    ("states", c.c_void_p), ("row_count", c.c_int64), ("parameters", c.c_void_p), ("parameters_count", c.c_int64),
    ("inputs", c.c_void_p), ("input_count", c.c_int64), ("targets", c.c_void_p), ("target_count", c.c_int64),
    ("norm_mode", c.c_int32), ("update_statistics", c.c_int32), ("norm_modes", c.c_void_p), ("progress", c.c_void_p),
    ("progress_user", c.c_void_p), ("cancel", c.c_void_p))
_TensorInfo = _struct(
    "TensorInfo", ("name", c.c_char_p), ("role", c.c_int32), ("rank", c.c_int32), ("shape", c.c_int64 * 4),
    ("elements", c.c_int64), ("node", c.c_int64))


class Description:
    """A network as the blob of include/winnow/network.h."""

    def __init__(self, shape, choices):
        self.words, self.names, self.count, self.choices = [], b"", 0, choices
        self.add("input", INPUT, [], shape)

    def add(self, name, operation, inputs, attributes=(), choice=-1):
        encoded = name.encode()
        self.words += [operation, len(self.names), len(encoded), choice, len(inputs), *inputs, len(attributes), *attributes]
        self.names += encoded
        self.count += 1
        return self.count - 1

    def relu_conv_norm(self, name, source, outputs, kernel, stride=1, choice=-1):
        rectified = self.add(name + ".relu", RELU, [source], [_real(0.0)], choice)
        return self.conv_norm(name, rectified, outputs, kernel, stride, choice)

    def conv_norm(self, name, source, outputs, kernel, stride=1, choice=-1):
        convolution = self.convolution(name + ".conv", source, outputs, kernel, stride, choice)
        return self.norm(name + ".bn", convolution, choice)

    def convolution(self, name, source, outputs, kernel, stride=1, choice=-1):
        pad = kernel // 2
        attributes = [outputs, kernel, kernel, stride, stride, pad, pad, 1, 1, 1, 0]
        return self.add(name, CONVOLUTION, [source], attributes, choice)

    def norm(self, name, source, choice=-1):
        return self.add(name, BATCH_NORM, [source], [1, _real(1e-5), _real(0.1)], choice)

    def blob(self, output):
        names = self.names + b"\0" * (-len(self.names) % 8)
        body = struct.pack(f"<{len(self.words)}q", *self.words)
        header = [0x3147574F4E4E4957, 1, 64 + len(body) + len(names), self.choices, self.count, output, len(names), 0]
        return struct.pack("<8q", *header) + body + names


def _real(value):
    return struct.unpack("<q", struct.pack("<d", value))[0]


def _cell(net, index, source, channels):
    nodes = [source]
    for target in range(1, 4):
        inputs, choices = [], []
        for origin in range(target):
            edge = EDGES.index(f"{target}-{origin}")
            prefix = f"cells.{index}.{target}-{origin}."
            inputs.append(nodes[origin])
            choices.append(edge * 5 + 1)
            for operation, kernel in ((2, 1), (3, 3)):
                choice = edge * 5 + operation
                name = f"{prefix}nor_conv_{kernel}x{kernel}"
                inputs.append(net.relu_conv_norm(name, nodes[origin], channels, kernel, 1, choice))
                choices.append(choice)
            choice = edge * 5 + 4
            inputs.append(net.add(prefix + "avg_pool_3x3", AVERAGE_POOL, [nodes[origin]], [3, 3, 1, 1, 1, 1, 0], choice))
            choices.append(choice)
        nodes.append(net.add(f"cells.{index}.{target}", WEIGHTED_SUM, inputs, choices))
    return nodes[3]


def supernet(channels, classes, side):
    """The supernet with one cell per stage."""
    net = Description([3, side, side], 30)
    value = net.conv_norm("stem", 0, channels, 3)
    index = 0
    for stage in range(3):
        if stage > 0:
            channels *= 2
            prefix = f"cells.{index}."
            first = net.relu_conv_norm(prefix + "conv_a", value, channels, 3, 2)
            second = net.relu_conv_norm(prefix + "conv_b", first, channels, 3)
            pooled = net.add(prefix + "shortcut.pool", AVERAGE_POOL, [value], [2, 2, 2, 2, 0, 0, 0])
            shortcut = net.convolution(prefix + "shortcut.conv", pooled, channels, 1)
            value = net.add(prefix + "sum", WEIGHTED_SUM, [shortcut, second], [-1, -1])
            index += 1
        value = _cell(net, index, value, channels)
        index += 1
    value = net.add("last.relu", RELU, [net.norm("last.bn", value)], [_real(0.0)])
    value = net.add("pool", GLOBAL_AVERAGE_POOL, [value])
    return net.blob(net.add("classifier", LINEAR, [value], [classes, 1]))


class Plan:
    """One network laid out on the CPU with given weights."""

    def __init__(self, library, blob, batch, tensors, threads=1, double=False):
        self.library, self.batch = c.CDLL(library), batch
        self.library.winnow_network_tensor_count.restype = c.c_int64
        self.error = _Error()
        device, network, self.plan, self.parameters = (c.c_void_p() for _ in range(4))
        options = _DeviceOptions(c.sizeof(_DeviceOptions), 0, 0, threads, None, 0)
        self._check(self.library.winnow_device_open(c.byref(options), c.byref(device), c.byref(self.error)))
        self._check(self.library.winnow_network_create(blob, c.c_int64(len(blob)), c.byref(network), c.byref(self.error)))
        options = _PlanOptions(c.sizeof(_PlanOptions), batch, int(double), 0, None, 0)
        self._check(
            self.library.winnow_plan_create(device, network, c.byref(options), c.byref(self.plan), c.byref(self.error)))
        self._check(self.library.winnow_parameters_create(network, c.byref(self.parameters), c.byref(self.error)))
        for index in range(self.library.winnow_network_tensor_count(network)):
            info = _TensorInfo()
            self._check(self.library.winnow_network_tensor(network, c.c_int64(index), c.byref(info), c.byref(self.error)))
            values = numpy.ascontiguousarray(tensors[info.name.decode()], dtype=numpy.float64)
            self._check(
                self.library.winnow_parameters_set(
                    self.parameters, c.c_int64(index), values.ctypes.data_as(c.c_void_p), c.c_int64(values.size),
                    c.byref(self.error)))

    def _check(self, status):
        if status != 0:
            raise RuntimeError(self.error.text.decode())

    def kernel(self, images, live):
        """Tangent kernel; live[edge][operation] says what runs."""
        images = numpy.ascontiguousarray(images, dtype=numpy.float32)
        live = numpy.asarray(live)
        shares = (live / live.sum(1, keepdims=True)).astype(numpy.float32).astype(numpy.float64).reshape(-1)
        states = numpy.where(live.reshape(-1), RUN, SKIP).astype(numpy.int32)
        job = _Job(0, 0, 0, -1, -1)
        block = _Images(images.ctypes.data, *images.shape, 0, 0)
        sets = (c.c_void_p * 1)(self.parameters.value)
        call = _Call(
            c.sizeof(_Call), c.addressof(job), 1, shares.ctypes.data, states.ctypes.data, 1, c.addressof(sets), 1,
            c.addressof(block), 1, None, 0, 0, 0, None, None, None, None)
        theta = numpy.zeros((self.batch, self.batch))
        self._check(
            self.library.winnow_ntk(
                self.plan, c.byref(call), c.c_uint32(WEIGHT_ROLES), theta.ctypes.data_as(c.c_void_p),
                c.c_int64(theta.size), c.byref(self.error)))
        return theta
