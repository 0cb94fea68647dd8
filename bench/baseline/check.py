"""Do the baselines compute the recorded numbers?

    python bench/baseline/check.py GOLDEN    the folder of the shared golden cases

Every mask of the cases of TE-NAS, tangent kernel and linear regions, against the numbers of the published program within the
recorded tolerance. Exit status 1 when one misses.
"""

import json
import os
import sys

import torch

import ntk
import regions
from network import Description, Network, read_safetensors

NETWORKS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "shapes", "networks")
NTK = {"c2_nb201_ntk_default": "nas-bench-201", "c2_nb201_ntk_kaiming": "nas-bench-201", "c2_darts_ntk_default": "darts"}
REGIONS = {"c2_nb201_regions_default": "nas-bench-201-thin", "c2_darts_regions_default": "darts-thin"}


def cases(golden, names):
    for name, network in names.items():
        folder = os.path.join(golden, name)
        with open(os.path.join(folder, "case.json"), encoding="utf-8") as file:
            case = json.load(file)
        tensors = read_safetensors(os.path.join(folder, "tensors.safetensors"))
        yield name, Network(Description(os.path.join(NETWORKS, network + ".txt"))), case, tensors


def mix(network, tensors, mask):
    with torch.no_grad():
        network.alpha.copy_(torch.cat([tensors[name] for name in mask["alpha_tensor"]]))


def verdict(name, expected, computed, allowed):
    holds = abs(computed - expected) <= allowed  # false for NaN
    print(f"{'ok  ' if holds else 'MISS'} {name:70} expected {expected:.6g} computed {computed:.6g} allowed {allowed:.2g}", flush=True)
    return holds


def main(golden):
    torch.set_num_threads(1)
    holds = []
    for name, net, case, tensors in cases(golden, NTK):
        net.load(tensors)
        for memory_format in (torch.contiguous_format, torch.channels_last):
            net = net.to(memory_format=memory_format)
            images = tensors["input"].to(memory_format=memory_format)
            methods = [ntk.best] if memory_format == torch.channels_last else [ntk.published, ntk.best, ntk.batched]
            for mask in case["masks"]:
                mix(net, tensors, mask)
                kappa = mask["proxies"]["ntk_cond"]
                for method in methods:
                    label = f"{name} {mask['mask']} {method.__name__} {str(memory_format)[6:]}"
                    expected = kappa["value"]
                    holds.append(verdict(label, expected, method(net, images), kappa["tolerance"]["value"] * expected))
    for name, net, case, tensors in cases(golden, REGIONS):
        net.load(tensors, "thin.")
        batches = tensors["lr.input"].reshape(-1, 1000, 1, 3, 3)
        for mask in case["masks"]:
            mix(net, tensors, mask)
            count = mask["proxies"]["linear_regions"]
            for method in (regions.published, regions.best):
                label = f"{name} {mask['mask']} {method.__name__}"
                holds.append(verdict(label, count["exact_unique_codes"], method(net, batches), count["tolerance"]["value"]))
    print(f"{sum(holds)} of {len(holds)} hold")
    return 0 if holds and all(holds) else 1


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
