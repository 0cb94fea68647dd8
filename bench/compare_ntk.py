"""NTK of the NAS-Bench-201 supernet: Winnow beside PyTorch, one thread, interleaved rounds of CPU time.

    python bench/compare_ntk.py --library libwinnow.so --bench winnow_bench --params case/tensors.safetensors --out FILE.json

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

TOLERANCE = 1e-3  # relative, of the golden cases
MACS = 1_999_992  # of one image through the supernet with every operation, 3 channels, 32x32


def built(bench):
    """Commit, compiler, flags and variant of the build, as a tiny timing reports them."""
    tiny = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shapes", "tiny.txt")
    run = subprocess.run([bench, "time", "--rounds", "1", "--shapes", tiny, "--only", "ntk"], capture_output=True, check=True)
    facts = json.loads(run.stdout)
    return {name: facts[name] for name in ("commit", "compiler", "flags", "variant")}


def summary(seconds):
    return {"median": statistics.median(seconds), "min": min(seconds), "max": max(seconds)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", required=True, help="libwinnow.so")
    parser.add_argument("--bench", required=True, help="the winnow_bench executable of the same build: probes, commit, variant")
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

    # Rivals in the order of what changes; a stock PyTorch way counts where its condition number is within TOLERANCE.
    methods = {
        "winnow": ours,
        "pytorch as published": lambda: ntk.published(plain, images),
        "autograd.grad": lambda: ntk.best(plain, images),
        "autograd.grad, channels_last": lambda: ntk.best(last, images_last),
        "autograd.grad, is_grads_batched": lambda: ntk.batched(plain, images),
    }
    ours()  # first touch of the plan's memory
    seconds = {name: [] for name in methods}
    kappa, peaks = {}, []
    for _ in range(arguments.rounds):
        peaks.append(json.loads(subprocess.run([arguments.bench, "probe"], capture_output=True, check=True).stdout))
        for name, method in methods.items():
            before = time.thread_time()
            kappa[name] = float(method())
            seconds[name].append(time.thread_time() - before)
    peak = statistics.median(p["gflops"] for p in peaks)
    flops = 2 * (1 + 2 * batch) * batch * MACS
    probe = {"bits": peaks[0]["bits"], "fused": peaks[0]["fused"], "gflops": peak}
    probe["triad gigabytes per second"] = statistics.median(p["triad_gigabytes_per_second"] for p in peaks)
    median = {name: statistics.median(values) for name, values in seconds.items()}
    exact = kappa["winnow"]
    stock = [name for name in methods if name.startswith("autograd.grad") and abs(kappa[name] / exact - 1) <= TOLERANCE]
    best = min(stock, key=median.get)
    result = {
        "what": f"NTK condition number, TE-NAS supernet of NAS-Bench-201, C=3 N=1, n={batch}, one thread, thread CPU seconds",
        "rounds": arguments.rounds,
        "seconds": {name: summary(values) for name, values in seconds.items()},
        "kappa": kappa,
        "ratio to as published": median["pytorch as published"] / median["winnow"],
        "best stock pytorch": best,
        "ratio to best stock pytorch": median[best] / median["winnow"],
        "gflop": flops / 1e9,
        "probe": probe,
        "floor seconds": flops / 1e9 / peak,
        "fraction of peak": flops / 1e9 / peak / median["winnow"],
        "winnow": built(arguments.bench),
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
