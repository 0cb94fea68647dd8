"""The PyTorch loop on the card that winnow_gpu_bench timed: what people run today, and the best of stock PyTorch.

    python bench/gpu/baseline.py --ours bench.json [--shapes FILE] [--only TEXT] [--rounds N] [--out FILE.json]

Same networks, batches and number type (TF32 is off: it has 10 bits), weights and images drawn by PyTorch, wall time to a synchronised
device, rounds of all methods in turns after a warm-up. One network each: PyTorch takes the candidates of a round one after the other.
"""

import argparse
import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE), os.path.join(os.path.dirname(HERE), "baseline")]

import torch  # noqa: E402

import ntk  # noqa: E402
import regions  # noqa: E402
from compare import drawn, read_shapes, spread  # noqa: E402

WARM_SECONDS = 2.0


def methods_of(score, path, batch, samples, device):
    network = drawn(path).to(device)
    images = torch.randn(samples, *network.description.input_shape, device=device)
    if score == "ntk":
        return {"as published": lambda: ntk.published(network, images), "autograd.grad": lambda: ntk.best(network, images)}
    batches = images.reshape(-1, batch, *images.shape[1:])
    return {"as published": lambda: regions.published(network, batches), "torch.unique": lambda: regions.best(network, batches)}


def wait(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def timed(call, device):
    wait(device)
    before = time.perf_counter()
    call()
    wait(device)
    return time.perf_counter() - before


def measure(methods, rounds, device):
    before = time.perf_counter()
    while time.perf_counter() - before < WARM_SECONDS:
        for call in methods.values():
            timed(call, device)
    seconds = {name: [] for name in methods}
    for _ in range(rounds):
        for name, call in methods.items():
            seconds[name].append(timed(call, device))
    return {name: spread(values) for name, values in seconds.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ours", required=True, help="what winnow_gpu_bench --out wrote")
    parser.add_argument("--shapes", default=os.path.join(os.path.dirname(HERE), "shapes", "published.txt"))
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--device", default="cuda", help="cpu: to see that it runs")
    parser.add_argument("--out")
    arguments = parser.parse_args()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    device = torch.device(arguments.device)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    with open(arguments.ours, encoding="utf-8") as file:
        ours = {r["name"]: r["seconds"]["median"] / r["jobs"] for r in json.load(file)["results"]}
    report = {"torch": torch.__version__, "device": name, "rounds": arguments.rounds, "results": []}
    print(f"PyTorch {torch.__version__} on {name}, seconds of one network; times as long as ours alone and in a round")
    for shape, score, path, batch, samples in read_shapes(arguments.shapes):
        if score not in ("ntk", "regions") or arguments.only not in shape:
            continue
        seconds = measure(methods_of(score, path, batch, samples, device), arguments.rounds, device)
        report["results"].append({"name": shape, "seconds": seconds})
        for method, s in seconds.items():
            ratios = [f"{s['median'] / ours[key]:9.1f}" if key in ours else "        –" for key in (shape, shape + "/round")]
            print(f"{shape:32} {method:16} {s['median']:.6f} [{s['min']:.6f}, {s['max']:.6f}] {ratios[0]} {ratios[1]}", flush=True)
    if arguments.out:
        with open(arguments.out, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)


if __name__ == "__main__":
    main()
