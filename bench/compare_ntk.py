"""NTK of the NAS-Bench-201 supernet: Winnow beside PyTorch, one thread, interleaved rounds of CPU time.

    python bench/compare_ntk.py --library libwinnow.so --peak winnow_peak --params case/tensors.safetensors --out FILE.json

All three compute the same number from the same weights and images. The floor is the arithmetic of the convolutions alone,
2 (1 + 2 n) n MACs, at the rate that the peak probe reached in the same run.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "baseline"))

import numpy  # noqa: E402
import torch  # noqa: E402

import ntk  # noqa: E402
import supernet  # noqa: E402
import winnow  # noqa: E402

MACS = 1_999_992  # of one image through the supernet with every operation, 3 channels, 32x32


def summary(seconds):
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True, help="libwinnow.so")
    parser.add_argument("--peak", required=True, help="the winnow_peak executable")
    parser.add_argument("--params", required=True, help="safetensors file with weights and the tensor input")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--out", help="where the JSON goes; standard output without it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)

    tensors = supernet.read_safetensors(arguments.params)
    images = tensors["input"]
    batch = images.shape[0]
    live = numpy.array([[0, 1, 1, 1, 1]] * 6)

    def network(memory_format):
        net = supernet.Supernet(3, 10)
        supernet.load(net, tensors)
        with torch.no_grad():
            net.alpha[:, 0] = -1000
        return net.to(memory_format=memory_format)

    plain, last = network(torch.contiguous_format), network(torch.channels_last)
    images_last = images.to(memory_format=torch.channels_last)
    plan = winnow.Plan(arguments.library, winnow.supernet(3, 10, 32), batch, {k: v.numpy() for k, v in tensors.items()})

    def ours():
        eigenvalues = numpy.linalg.eigvalsh(plan.kernel(images.numpy(), live))
        return eigenvalues[-1] / eigenvalues[0]

    methods = {
        "winnow": ours,
        "pytorch as published": lambda: ntk.published(plain, images),
        "best stock pytorch": lambda: ntk.best(plain, images),
        "best stock pytorch, channels_last": lambda: ntk.best(last, images_last),
    }
    ours()  # first touch of the plan's memory
    seconds = {name: [] for name in methods}
    kappa, peaks = {}, []
    for _ in range(arguments.rounds):
        peaks.append(json.loads(subprocess.run([arguments.peak], capture_output=True, check=True).stdout))
        for name, method in methods.items():
            before = time.thread_time()
            kappa[name] = float(method())
            seconds[name].append(time.thread_time() - before)
    peak = statistics.median(p["gflops"] for p in peaks)
    flops = 2 * (1 + 2 * batch) * batch * MACS
    median = {name: statistics.median(values) for name, values in seconds.items()}
    result = {
        "what": f"NTK condition number, TE-NAS supernet of NAS-Bench-201, C=3 N=1, n={batch}, one thread, thread CPU seconds",
        "rounds": arguments.rounds,
        "seconds": {name: summary(values) for name, values in seconds.items()},
        "kappa": kappa,
        "ratio to as published": median["pytorch as published"] / median["winnow"],
        "ratio to best stock pytorch": median["best stock pytorch"] / median["winnow"],
        "ratio to best stock pytorch, channels_last": median["best stock pytorch, channels_last"] / median["winnow"],
        "gflop": flops / 1e9,
        "peak probe": {"bits": peaks[0]["bits"], "gflops": peak},
        "floor seconds": flops / 1e9 / peak,
        "fraction of peak": flops / 1e9 / peak / median["winnow"],
        "load average": os.getloadavg()[0],
        "machine": {"processor": processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "torch": torch.__version__,
    }
    text = json.dumps(result, indent=2)
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            file.write(text + "\n")
    print(text)


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        lines = [line.split(":", 1)[1].strip() for line in file if line.startswith(("model name", "cpu family", "model\t"))]
    return " / ".join(dict.fromkeys(lines[:3]))


if __name__ == "__main__":
    main()
