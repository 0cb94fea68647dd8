"""Winnow beside PyTorch, as published and at its best: interleaved rounds of CPU time on one thread.

    python bench/compare.py --library libwinnow.so --bench winnow_bench [--only TEXT] [--rounds N] [--out FILE.json]

For every score of bench/shapes/published.txt and the Hamming kernel: the same network, weights and images on both sides, a peak probe before each round,
median and range, both ratios, and whether the answers agree. `--threads 2` adds how much faster two threads are than one, beside
as many concurrent probes; `--jar winnow.jar` does so for a whole search.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "baseline"))

import numpy  # noqa: E402
import torch  # noqa: E402

import hamming  # noqa: E402
import ntk  # noqa: E402
import regions  # noqa: E402
import winnow  # noqa: E402
from network import Description, Network  # noqa: E402

OURS, PUBLISHED = "winnow", "as published"
# A round is as many calls as take about so long, on every side: the published way's shortest kernel takes 2.5 seconds, and a call of
# 0.05 would otherwise be the first one each time, on a last-level cache that neighbours had for the seconds between. A search calls
# candidate after candidate. A way of PyTorch's counts as its best where its answer agrees within TOLERANCE: that of the golden
# cases. Batched cotangents hold every gradient once for each: gigabytes for networks beyond so many parameters.
ROUND_SECONDS, TOLERANCE, MOST_BATCHED = 2.0, 1e-3, 100_000


def drawn(path):
    """Weights by PyTorch's default, which is what the published launcher really uses; every operation of every edge runs."""
    torch.manual_seed(1)
    network = Network(Description(path))
    # Away from 1 and 0, so that no norm is trivial.
    for name, tensor in network.tensors().items():
        if ".bn" in name and name.endswith((".weight", ".bias")):
            with torch.no_grad():
                tensor.add_(0.1 * torch.randn_like(tensor))
    return network


def our_plan(device, network, batch):
    weights = torch.softmax(network.alpha, 1).detach().numpy()
    tensors = {name: value.detach().numpy().copy() for name, value in network.tensors().items()}
    return winnow.Plan(device, network.description, batch, tensors, weights)


def ntk_methods(device, path, batch, samples):
    plain = drawn(path)
    images = torch.randn(samples, *plain.description.input_shape)
    plan, pixels = our_plan(device, plain, batch), images.numpy().copy()
    last = drawn(path).to(memory_format=torch.channels_last)
    images_last = images.to(memory_format=torch.channels_last)

    def ours():
        eigenvalues = numpy.linalg.eigvalsh(plan.kernel(pixels))
        return float(eigenvalues[-1] / eigenvalues[0])

    methods = {
        OURS: ours,
        PUBLISHED: lambda: ntk.published(plain, images),
        "autograd.grad": lambda: ntk.best(plain, images),
        "autograd.grad, channels_last": lambda: ntk.best(last, images_last),
    }
    if sum(p.numel() for p in plain.parameters()) < MOST_BATCHED:
        methods["autograd.grad, is_grads_batched"] = lambda: ntk.batched(plain, images)
    return methods


def regions_methods(device, path, batch, samples):
    network = drawn(path)
    images = torch.randn(samples, *network.description.input_shape)
    plan, pixels = our_plan(device, network, batch), images.numpy().copy()
    batches = images.reshape(-1, batch, *images.shape[1:])
    return {
        OURS: lambda: plan.regions(pixels),
        PUBLISHED: lambda: regions.published(network, batches),
        "torch.unique": lambda: regions.best(network, batches),
    }


def hamming_methods(device, _, n, units):
    torch.manual_seed(1)
    patterns = (torch.rand(n, units) > 0.5).float()
    bits = numpy.packbits(patterns.numpy().astype(numpy.uint8), axis=1, bitorder="little")
    code = torch.zeros((n, (units + 63) // 64 * 8), dtype=torch.uint8).numpy()  # aligned as the patterns are
    code[:, : bits.shape[1]] = bits
    code = code.view(numpy.uint64)
    return {
        OURS: lambda: device.hamming(code, units),
        PUBLISHED: lambda: hamming.published(patterns),
        "one product of signs": lambda: hamming.best(patterns),
    }


METHODS = {"ntk": ntk_methods, "regions": regions_methods, "hamming": hamming_methods}


def difference(score, a, b):
    """How far two answers are apart: relative; for a matrix its largest entry decides."""
    a, b = (numpy.asarray(x, dtype=numpy.float64) for x in (a, b))
    if score == "regions":
        b = numpy.rint(b)  # the published count is a float32 sum of fractions
    return float(numpy.abs(a - b).max() / numpy.abs(a).max())


def run(bench, *arguments):
    """The JSON that the native harness prints."""
    return json.loads(subprocess.run([bench, *arguments], capture_output=True, check=True, text=True).stdout)


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def compare(name, score, methods, bench, rounds):
    """Interleaved rounds of all methods of one shape."""
    repeats, answers, seconds, peaks = {}, {}, {m: [] for m in methods}, []
    for method, call in methods.items():  # first touch of all memory, and the answers
        before = time.thread_time()
        answers[method] = call()
        repeats[method] = max(1, int(ROUND_SECONDS / max(1e-7, time.thread_time() - before)))
    for _ in range(rounds):
        peaks.append(run(bench, "peak")["gflops"])
        for method, call in methods.items():
            before = time.thread_time()
            for _ in range(repeats[method]):
                call()
            seconds[method].append((time.thread_time() - before) / repeats[method])
    apart = {m: difference(score, answers[OURS], numpy.asarray(answers[m])) for m in methods if m != OURS}
    median = {m: statistics.median(s) for m, s in seconds.items()}
    best = min((m for m in methods if m != OURS and apart[m] <= TOLERANCE), key=median.get, default=None)
    result = {
        "name": name,
        "seconds": {m: spread(s) for m, s in seconds.items()},
        "probe_gflops": spread(peaks),
        "relative_difference_from_winnow": apart,
        "ratio_to_as_published": median[PUBLISHED] / median[OURS],
        "best_stock_pytorch": best,
        "ratio_to_best_stock_pytorch": median[best] / median[OURS] if best else None,
    }
    if score != "hamming":
        result["answers"] = {m: float(a) for m, a in answers.items()}
    stock = f"{result['ratio_to_best_stock_pytorch']:.1f} ({best})" if best else "none agrees"
    print(f"{name:32} {median[OURS]:.6f} s   as published {result['ratio_to_as_published']:.1f}   best stock {stock}", flush=True)
    return result


def search_scaling(jar, rounds, threads):
    """Wall seconds of a whole search on one thread and on several."""
    seconds = {1: [], threads: []}
    for _ in range(rounds):
        for count, values in seconds.items():
            with tempfile.TemporaryDirectory() as folder:
                command = ["java", "-jar", jar, "search", "te-nas", "--space", "nas-bench-201", "--mode", "released",
                           "--seed", "0", "--threads", str(count), "--out", os.path.join(folder, "run")]
                before = time.monotonic()
                subprocess.run(command, check=True, capture_output=True)
                values.append(time.monotonic() - before)
    return {
        "seconds": {str(count): spread(values) for count, values in seconds.items()},
        "throughput_over_one": statistics.median(seconds[1]) / statistics.median(seconds[threads]),
    }


def read_shapes(path):
    with open(path, encoding="utf-8") as file:
        lines = [line.split("#")[0].split() for line in file]
    for name, score, network, batch, size in filter(None, lines):
        yield name, score, os.path.join(os.path.dirname(path), "networks", network + ".txt"), int(batch), int(size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True, help="libwinnow.so")
    parser.add_argument("--bench", required=True, help="the winnow_bench executable of the same build")
    parser.add_argument("--shapes", default=os.path.join(HERE, "shapes", "published.txt"))
    parser.add_argument("--only", default="", help="shapes whose name contains this")
    parser.add_argument("--without", metavar="TEXT", help="leave out ways of PyTorch whose name contains this: on a CPU without "
                        "AVX-512 PyTorch 2.13 aborts in the kernel of DARTS in channels_last, where its oneDNN writes past its memory")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--threads", type=int, help="also how much faster so many threads are than one")
    parser.add_argument("--jar", help="winnow.jar: with --threads, also for a whole search")
    parser.add_argument("--search-rounds", type=int, default=3)
    parser.add_argument("--out", help="where the JSON goes; standard output without it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    shapes = [shape for shape in read_shapes(arguments.shapes) if arguments.only in shape[0] and shape[1] in METHODS]
    if not shapes:
        parser.error(f"no shape of {arguments.shapes} contains {arguments.only!r}")
    names = ["--shapes", arguments.shapes, "--only", arguments.only]
    device = winnow.Device(arguments.library)
    report = {
        "what": "thread CPU seconds, one thread, interleaved rounds",
        "rounds": arguments.rounds,
        "load_average": os.getloadavg()[0],
        "system": platform.platform(),
        "torch": torch.__version__,
        "without": arguments.without,
        # Commit, compiler, machine, all probes, and our figure without PyTorch in the same process.
        "harness": run(arguments.bench, "time", *names, "--rounds", str(arguments.rounds)),
        "results": [],
    }
    floors = {r["name"]: r for r in report["harness"]["results"]}
    for name, score, network, batch, size in shapes:
        methods = METHODS[score](device, network, batch, size)
        if arguments.without:
            methods = {m: call for m, call in methods.items() if m in (OURS, PUBLISHED) or arguments.without not in m}
        result = compare(name, score, methods, arguments.bench, arguments.rounds)
        if score == "ntk":
            floor = floors[name]["gflop"] / result["probe_gflops"]["median"]
            result["fraction_of_peak"] = floor / result["seconds"][OURS]["median"]
        report["results"].append(result)
    if arguments.threads and any(score == "ntk" for _, score, *_ in shapes):
        report["threads"] = run(arguments.bench, "scale", *names, "--threads", str(arguments.threads), "--rounds", str(arguments.rounds))
        if arguments.jar:
            report["threads"]["search"] = search_scaling(arguments.jar, arguments.search_rounds, arguments.threads)
    text = json.dumps(report, indent=2) + "\n"
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            file.write(text)
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
