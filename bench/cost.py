"""What scores of random NAS-Bench-201 cells cost: Winnow beside PyTorch, one pass shared beside passes of its own, memory over many.

    python bench/cost.py --jar java/cli/target/winnow.jar --shared ../shared [--cells 100] [--out FILE.json]

One thread. Cells are scored in turn by every way, so that all meet the same minutes of the machine: PyTorch as published and at its
best (baseline/proxies.py), and `winnow score` as processes that read a cell from standard input and answer with its line. Seconds are
CPU seconds: of the calling thread in PyTorch; in a Winnow process of all threads but the compiler's, after cells to warm up on (WARM),
since a population meets compilation once: what runs once a cell is interpreted for the first 200, which is a tenth of a cell's
milliseconds in synflow and nothing beside the rest.
Building is counted: modules and their random weights there, graph, plan and random weights here. Without it: PyTorch's score alone; of
Winnow what a further repeat costs, (three repeats - one) / 2, which still draws weights. First the answers are compared: the
weights and the batch that Winnow saves, through the published way.
"""

import argparse
import csv
import io
import json
import os
import pathlib
import platform
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "baseline"))

import torch  # noqa: E402

import proxies  # noqa: E402
from nas_bench_201 import Network  # noqa: E402
from network import read_safetensors  # noqa: E402

OPERATIONS = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"]
BATCH, TOLERANCE = 64, 1e-4
WARM = {"synflow": 500, "nwot": 50, "shared": 10}
SHARED = ["grad_norm", "snip", "plain", "fisher", "nwot", "l2_norm"]
# Asked for: how many times faster than as published, than the sum of passes of one's own.
LEAST = {"synflow": 15, "nwot": 5, "shared": 4}


def cells(count, seed):
    """Different ones, all with a path from input to output."""
    draws, found = random.Random(seed), {}
    while len(found) < count:
        o = [draws.choice(OPERATIONS) for _ in range(6)]
        paths = [(3,), (0, 4), (1, 5), (0, 2, 5)]  # edges 1<-0, 2<-0, 2<-1, 3<-0, 3<-1, 3<-2
        if any(all(o[e] != "none" for e in path) for path in paths):
            found[f"|{o[0]}~0|+|{o[1]}~0|{o[2]}~1|+|{o[3]}~0|{o[4]}~1|{o[5]}~2|"] = None
    return list(found)


class Scorer:
    """A Winnow process that scores one cell at a time."""

    def __init__(self, arguments, scores, repeats=1):
        command = ["java", "-XX:-UseDynamicNumberOfCompilerThreads", "-jar", arguments.jar, "score", "--archs", "/dev/stdin",
                   "--scores", ",".join(scores), "--repeats", str(repeats), "--threads", "1", "--set", f"nwot.batch={BATCH}",
                   "--set", "nwot.hooks=relus", "--data", f"cifar10:{arguments.shared.resolve() / 'data/cifar10'}"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.header = None

    def score(self, cell):
        """The line, and CPU seconds of all threads."""
        before = self.seconds()
        print(cell, file=self.process.stdin, flush=True)
        if self.header is None:
            self.header = self.line()
        values = self.line()
        return dict(zip(self.header, values)), self.seconds() - before

    def line(self):
        text = self.process.stdout.readline()
        if not text:
            raise SystemExit(f"winnow ended with exit code {self.process.wait()}")
        return next(csv.reader(io.StringIO(text)))

    def seconds(self):
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            try:
                if "CompilerThre" in (task / "comm").read_text():
                    continue
                total += int((task / "schedstat").read_text().split()[0])
            except OSError:
                pass  # a thread that has just ended
        return total / 1e9

    def resident(self):
        """MiB now."""
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.split("VmRSS:")[1].split()[0]) / 1024

    def resident_heap(self):
        """MiB of resident() that are Java's heap."""
        told = subprocess.run(["jcmd", str(self.process.pid), "GC.heap_info"], capture_output=True, check=True, text=True).stdout
        addresses = [int(address, 16) for address in re.findall("0x([0-9a-f]+)", told.split("Metaspace")[0])]
        total, inside = 0, False
        for line in pathlib.Path(f"/proc/{self.process.pid}/smaps").read_text().splitlines():
            if region := re.match("([0-9a-f]+)-[0-9a-f]+ ", line):
                inside = min(addresses) <= int(region[1], 16) < max(addresses)
            elif inside and line.startswith("Rss:"):
                total += int(line.split()[1])
        return total / 1024

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timed(call, *arguments):
    before = time.thread_time()
    value = call(*arguments)
    return value, time.thread_time() - before


def same_answers(arguments, cell, score):
    """Winnow's value and PyTorch's for the same weights and batch, way by way."""
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/saved.safetensors"
        command = ["java", "-jar", arguments.jar, "score", "--arch", cell, "--scores", score, "--repeats", "1", "--threads", "1", "--json",
                   "--set", f"nwot.batch={BATCH}", "--set", "nwot.hooks=relus", "--save-params", file,
                   "--data", f"cifar10:{arguments.shared.resolve() / 'data/cifar10'}"]
        answer = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
        ours, tensors = float(answer["architectures"][0][score]["value"]), read_safetensors(file)
    found = {"winnow": ours}
    for name, way in {"as published": proxies.PUBLISHED[score], **proxies.WAYS[score]}.items():
        network = Network(cell)
        network.load_state_dict({name: value for name, value in tensors.items() if name in network.state_dict()}, strict=False)
        found[name] = way(network, tensors["input"])
        if abs(found[name] / ours - 1) > TOLERANCE:
            raise SystemExit(f"{score} of {cell}: winnow {ours}, {name} {found[name]}")
    return found


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jar", required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with data/cifar10")
    parser.add_argument("--cells", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=list(LEAST), help="one of the comparisons")
    parser.add_argument("--without", default=[], action="append", metavar="SCORE", help="a score of the shared pass to leave out")
    parser.add_argument("--networks", type=int, default=0, help="then so many cells more through the shared pass: memory")
    parser.add_argument("--out", help="where the JSON goes; standard output without it")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    wanted = [arguments.only] if arguments.only else list(LEAST)
    scores = [score for score in SHARED if score not in arguments.without]
    most = max(WARM.values())
    drawn = cells(most + arguments.cells + arguments.networks, arguments.seed)  # a repeated cell gets no line
    warm, judged, more = drawn[:most], drawn[most : most + arguments.cells], drawn[most + arguments.cells :]
    images = torch.randn(BATCH, 3, 32, 32)

    report = {"what": "CPU seconds a cell, one thread, ways in turn", "cells": arguments.cells, "load_average": os.getloadavg()[0],
              "system": platform.platform(), "torch": torch.__version__, "results": {}}
    ours = {}
    for score in (s for s in wanted if s != "shared"):
        report["results"][score] = {"answers": [same_answers(arguments, cell, score) for cell in judged[:2]]}
        ours[score], ours[score + " x 3"] = Scorer(arguments, [score]), Scorer(arguments, [score], 3)
    if "shared" in wanted:
        ours["shared"] = Scorer(arguments, scores)
        ours.update({"own " + score: Scorer(arguments, [score]) for score in scores})
    for name, scorer in ours.items():
        for cell in warm[: WARM["shared" if name.startswith("own ") else name.split()[0]]]:
            scorer.score(cell)
    seconds = {name: [] for name in ours}
    theirs = {"build": []}
    for cell in judged:
        for name, scorer in ours.items():
            seconds[name].append(scorer.score(cell)[1])
        for score in (s for s in wanted if s != "shared"):
            for name, way in {"as published": proxies.PUBLISHED[score], **proxies.WAYS[score]}.items():
                network, built = timed(Network, cell)
                theirs["build"].append(built)
                theirs.setdefault((score, name), []).append(timed(way, network, images)[1])
    for score in (s for s in wanted if s != "shared"):
        build = statistics.median(theirs["build"])
        median = {name: statistics.median(values) for (of, name), values in ((k, v) for k, v in theirs.items() if k != "build") if of == score}
        best = min((name for name in median if name != "as published"), key=median.get)
        with_building = statistics.median(seconds[score])
        without = statistics.median((three - one) / 2 for one, three in zip(seconds[score], seconds[score + " x 3"]))
        ratio = {"as_published": (build + median["as published"]) / with_building, "best_stock": (build + median[best]) / with_building,
                 "as_published_without_building": median["as published"] / without, "best_stock_without_building": median[best] / without}
        report["results"][score].update({
            "seconds": {"winnow": spread(seconds[score]), "winnow without building": without, "pytorch build": build,
                        **{name: spread(theirs[score, name]) for name in median}},
            "best_stock": best, "ratio": ratio, "asked": LEAST[score], "passed": ratio["as_published"] >= LEAST[score]})
        print(f"{score:8} {with_building * 1e3:7.2f} ms   as published {ratio['as_published']:.1f}   best stock {ratio['best_stock']:.1f} ({best})"
              f"   without building {without * 1e3:.2f} ms, {ratio['as_published_without_building']:.1f}, {ratio['best_stock_without_building']:.1f}",
              file=sys.stderr)
    if "shared" in wanted:
        separate = [sum(each) for each in zip(*(seconds["own " + score] for score in scores))]
        ratio = statistics.median(own / one for own, one in zip(separate, seconds["shared"]))
        report["results"]["shared"] = {
            "scores": scores, "seconds": {name: spread(values) for name, values in seconds.items() if name == "shared" or name.startswith("own ")},
            "sum_of_own": spread(separate), "ratio": ratio, "asked": LEAST["shared"], "passed": ratio >= LEAST["shared"]}
        print(f"shared   {statistics.median(seconds['shared']) * 1e3:7.1f} ms   of its own, added {ratio:.2f} times", file=sys.stderr)
    if arguments.networks and "shared" in wanted:
        looks, heaps, tenth = [], [], max(1, len(more) // 10)
        for cell in more:
            ours["shared"].score(cell)
            looks.append(ours["shared"].resident())
            if len(looks) % tenth == 0:
                heaps.append(ours["shared"].resident_heap())
        tenths = looks[tenth - 1 :: tenth]
        report["results"]["memory"] = {
            "networks": len(looks), "resident_mib": {"by_tenths": tenths, "heap": heaps, "rest": [r - h for r, h in zip(tenths, heaps)]},
            "most_after_a_tenth": max(looks[tenth - 1 :]) / tenths[0]}
        print("memory  ", report["results"]["memory"], file=sys.stderr)
    for scorer in ours.values():
        scorer.close()
    text = json.dumps(report, indent=2) + "\n"
    if arguments.out:
        pathlib.Path(arguments.out).write_text(text, encoding="utf-8")
    else:
        print(text, end="")


if __name__ == "__main__":
    main()
