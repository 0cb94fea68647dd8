"""The native core through its C interface, enough to run it beside the baselines: a second caller of include/winnow beside Java."""

import ctypes as c
import struct

import numpy

WEIGHT_ROLES = 1 << 0 | 1 << 2 | 1 << 4  # convolution, linear, norm scale
RUN, SKIP = 0, 1


def _struct(name, *fields):
    return type(name, (c.Structure,), {"_fields_": list(fields)})


_Error = _struct("Error", ("text", c.c_char * 1024))
_DeviceOptions = _struct(
    "DeviceOptions", ("size", c.c_int64), ("kind", c.c_int32), ("index", c.c_int32), ("threads", c.c_int64),
    ("variant", c.c_char_p), ("byte_budget", c.c_int64), ("library", c.c_char_p))
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
    ("streams", c.c_void_p), ("stream_count", c.c_int64),
    ("norm_mode", c.c_int32), ("update_statistics", c.c_int32), ("norm_modes", c.c_void_p), ("progress", c.c_void_p),
    ("progress_user", c.c_void_p), ("cancel", c.c_void_p))
_TensorInfo = _struct(
    "TensorInfo", ("name", c.c_char_p), ("role", c.c_int32), ("rank", c.c_int32), ("shape", c.c_int64 * 4),
    ("elements", c.c_int64), ("node", c.c_int64))


def blob(description):
    """A network file (network.Description) as the blob of include/winnow/network.h."""
    words, names = [], b""
    for name, operation, choice, inputs, attributes in description.nodes:
        encoded = name.encode()
        words += [operation, len(names), len(encoded), choice, len(inputs), *inputs, len(attributes), *attributes]
        names += encoded
    names += b"\0" * (-len(names) % 8)
    body = struct.pack(f"<{len(words)}q", *words)
    length = 64 + len(body) + len(names)
    header = [0x3147574F4E4E4957, 1, length, description.choices, len(description.nodes), description.output, len(names), 0]
    return struct.pack("<8q", *header) + body + names


class Device:
    def __init__(self, library, threads=1):
        self.library, self.error, self.handle = c.CDLL(library), _Error(), c.c_void_p()
        self.library.winnow_network_tensor_count.restype = c.c_int64
        options = _DeviceOptions(c.sizeof(_DeviceOptions), 0, 0, threads, None, 0, None)
        self.call("device_open", c.byref(options), c.byref(self.handle))

    def call(self, name, *arguments):
        """winnow_<name>; raises with the library's text."""
        if getattr(self.library, "winnow_" + name)(*arguments, c.byref(self.error)) != 0:
            raise RuntimeError(self.error.text.decode())

    def hamming(self, code, units):
        """On how many units every two rows of packed patterns [n, words] agree."""
        n, words = code.shape
        kernel = numpy.zeros((n, n), numpy.int64)
        self.call("hamming_gram", self.handle, _address(code), *(c.c_int64(k) for k in (n, words, units)), _address(kernel),
                  c.c_int64(kernel.size))
        return kernel


def _address(array):
    return array.ctypes.data_as(c.c_void_p)


class Plan:
    """One network laid out with given weights: tensors by canonical name; `weights` are the coefficients of all choices."""

    def __init__(self, device, description, batch, tensors, weights, double=False):
        self.device, self.batch = device, batch
        network, self.plan, self.parameters = (c.c_void_p() for _ in range(3))
        data = blob(description)
        device.call("network_create", data, c.c_int64(len(data)), c.byref(network))
        options = _PlanOptions(c.sizeof(_PlanOptions), batch, int(double), 0, None, 0)
        device.call("plan_create", device.handle, network, c.byref(options), c.byref(self.plan))
        device.call("parameters_create", network, c.byref(self.parameters))
        for index in range(device.library.winnow_network_tensor_count(network)):
            info = _TensorInfo()
            device.call("network_tensor", network, c.c_int64(index), c.byref(info))
            values = numpy.ascontiguousarray(tensors[info.name.decode()], dtype=numpy.float64)
            device.call("parameters_set", self.parameters, c.c_int64(index), _address(values), c.c_int64(values.size))
        weights = numpy.asarray(weights, numpy.float64).reshape(-1)
        self.states = numpy.where(weights > 0.01, RUN, SKIP).astype(numpy.int32)
        self.coefficients = numpy.where(weights > 0.01, weights, 0)
        self.job = _Job(0, 0, 0, -1, -1)
        self.sets = (c.c_void_p * 1)(self.parameters.value)

    def _call(self, images):
        block = _Images(images.ctypes.data, *images.shape, 0, 0)
        call = _Call(
            c.sizeof(_Call), c.addressof(self.job), 1, self.coefficients.ctypes.data, self.states.ctypes.data, 1,
            c.addressof(self.sets), 1, c.addressof(block), 1, None, 0, None, 0, 0, 0, None, None, None,
            None)
        call.keep = block
        return call

    def kernel(self, images):
        """Tangent kernel [batch, batch] of images [batch, channels, height, width], float32."""
        call, theta = self._call(images), numpy.zeros((self.batch, self.batch))
        self.device.call("ntk", self.plan, c.byref(call), c.c_uint32(WEIGHT_ROLES), _address(theta), c.c_int64(theta.size))
        return theta

    def regions(self, images):
        """Number of linear regions of images in batches of `batch`."""
        call, count = self._call(images), numpy.zeros(1, numpy.int64)
        self.device.call("linear_regions", self.plan, c.byref(call), _address(count), c.c_int64(1))
        return int(count[0])
