#!/usr/bin/env python3
"""Writes the Python batches that BatchFilesTest reads, beside this file (Python 3, NumPy).

Pixels follow a formula that the test repeats: image i, channel c, row y, column x has
(31 i + 17 c + 5 y + 3 x) mod 256. Nothing here comes from a published data set.
"""
import pathlib
import pickle

import numpy as np

HERE = pathlib.Path(__file__).parent


def pixels(images, side):
    i, c, y, x = np.indices((images, 3, side, side))
    return ((31 * i + 17 * c + 5 * y + 3 * x) % 256).astype(np.uint8).reshape(images, -1)


def write(name, batch, protocol):
    (HERE / name).write_bytes(pickle.dumps(batch, protocol=protocol))


for protocol in range(5):
    batch = {"data": pixels(2, 32), "labels": [9, 0], "filenames": ["a.png", "b\\\n.png"], "batch_label": "two"}
    write(f"cifar10_protocol{protocol}.pickle", batch, protocol)
bytes_keys = {b"data": np.asfortranarray(pixels(2, 32)), b"fine_labels": [99, 0], b"coarse_labels": [19, 0]}
write("cifar100_column_major.pickle", bytes_keys, 4)
imagenet = {"data": pixels(4, 16), "labels": [1, 121, 1000, 120], "mean": pixels(4, 16).mean(0)}
write("imagenet16.pickle", imagenet, 2)
write("array_protocol5.pickle", {"data": pixels(2, 32), "labels": [9, 0]}, 5)
