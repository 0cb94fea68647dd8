"""Winnow's scores of NAS-Bench-201 beside those that NAS-Bench-Suite-Zero recorded: all 9,445 cells it has, and a seeded 2,000.

    python bench/experiments/nb201_scores.py --jar java/cli/target/winnow.jar --shared ../shared --work RUNS

Plans two populations in RUNS, scores their shards in as many processes of one thread as `--processes` says, joins them, and writes
bench/results/nb201-agreement.csv: Spearman's rho with the recorded scores, and what it cost. Shards that are there are not scored
again and what was interrupted continues, so the command may be killed and started again; times then are those of all sessions.

Protocol as recorded: the benchmark's networks (C=16, N=5), one batch of 64 CIFAR-10 images, PyTorch's default weights, norms with the
statistics of the batch, nwot over ReLUs and not over what wraps them. Seeds are not recorded and images are others, so two runs never
agree wholly: `published_rho` is what two published runs have of each other. Recorded FLOPs count more than multiply-accumulates.
"""

import argparse
import csv
import gzip
import json
import pathlib
import random
import subprocess
import sys
import time

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"
RECORDED = "data/nb201/nb201_zc_suitezero_cifar10.csv.gz"
SAMPLE, SEED = 2000, 0
# Winnow's name: recorded name, least rho asked for, rho of two published runs.
FORWARD = {
    "synflow": ("synflow", 0.995, 0.9997),
    "nwot": ("nwot", 0.985, 0.991),
    "params": ("params", None, 1),
    "macs": ("flops", None, 1),
}
BACKWARD = {
    "snip": ("snip", 0.975, 0.986),
    "grad_norm": ("grad_norm", 0.975, 0.985),
    "fisher": ("fisher", 0.965, 0.979),
    "jacov": ("jacov", None, 0.952),
}
SECONDS = 2  # between two looks at the memory of the processes


def recorded(shared):
    with gzip.open(shared / RECORDED, "rt", encoding="utf-8", newline="") as file:
        return {row["arch_str"]: row for row in csv.DictReader(file)}


class Runner:
    def __init__(self, arguments):
        self.java = ["java", *arguments.java_option, "-jar", arguments.jar]
        self.data = f"cifar10:{arguments.shared.resolve() / 'data/cifar10'}"
        self.shards, self.processes = arguments.shards, arguments.processes

    def winnow(self, *words):
        done = subprocess.run([*self.java, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"winnow {' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr.strip()}")

    def population(self, folder, cells, scores):
        """Scores of the cells: the joined table, what each process used, and the seconds of the last session."""
        if not (folder / "plan.json").exists():
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "cells.txt").write_text("\n".join(cells) + "\n", encoding="utf-8")
            self.winnow("plan", folder, "--archs", folder / "cells.txt", "--scores", ",".join(scores), "--repeats", 1,
                        "--data", self.data, "--set", "nwot.batch=64", "--set", "nwot.hooks=relus", "--shards", self.shards)
        shards = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["shards"]
        waiting, running, peaks = list(range(shards)), {}, []
        while waiting or running:
            while waiting and len(running) < self.processes:
                shard = waiting.pop(0)
                words = [*self.java, "run", str(folder), "--shard", str(shard), "--threads", "1"]
                running[shard] = subprocess.Popen(words, stderr=subprocess.PIPE, text=True), Memory()
            time.sleep(SECONDS)
            for shard, (process, memory) in list(running.items()):
                memory.look(process.pid)
                if process.poll() is not None:
                    if process.returncode != 0:
                        raise SystemExit(f"shard {shard}: exit code {process.returncode}: {process.stderr.read().strip()}")
                    peaks.append(memory)
                    del running[shard]
            if sys.stderr.isatty():
                print(f"\r{folder.name}: {len(peaks)} of {shards} shards", end="", file=sys.stderr, flush=True)
        self.winnow("collect", folder, "--out", folder / "scores.csv")
        with open(folder / "scores.csv", encoding="utf-8", newline="") as file:
            rows = {row["architecture"]: row for row in csv.DictReader(file)}
        return rows, self.cost(folder, shards), peaks

    @staticmethod
    def cost(folder, shards):
        """Seconds of all processes together, and milliseconds of an architecture score by score."""
        lines = []
        for log in sorted(folder.glob("*.sessions.jsonl")):
            lines += [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
        scored = sum(line["architectures"] for line in lines)
        each = {}
        for line in lines:
            for score, milliseconds in line["milliseconds"].items():
                each[score] = each.get(score, 0) + milliseconds * line["architectures"] / scored
        return sum(line["seconds"] for line in lines), each


class Memory:
    """Resident MiB of one process: the largest in the first half of the looks and at all."""

    def __init__(self):
        self.seen = []

    def look(self, pid):
        try:
            for line in pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
                if line.startswith("VmRSS:"):
                    self.seen.append(int(line.split()[1]) / 1024)
        except OSError:
            pass  # it has just ended

    def growth(self):
        half = len(self.seen) // 2
        return (max(self.seen[:half]), max(self.seen)) if half else (0, max(self.seen, default=0))


def ranks(values):
    """From 1; equal values share the mean of their ranks."""
    order = sorted(range(len(values)), key=values.__getitem__)
    result, start = [0.0] * len(values), 0
    while start < len(order):
        end = start
        while end < len(order) and values[order[end]] == values[order[start]]:
            end += 1
        for place in order[start:end]:
            result[place] = (start + 1 + end) / 2
        start = end
    return result


def spearman(a, b):
    a, b = ranks(a), ranks(b)
    mean = (len(a) + 1) / 2
    product = sum((x - mean) * (y - mean) for x, y in zip(a, b))
    return product / (sum((x - mean) ** 2 for x in a) * sum((y - mean) ** 2 for y in b)) ** 0.5


def agreement(ours, theirs, scores):
    for name, (column, least, published) in scores.items():
        defined = [cell for cell, row in ours.items() if row[name]]
        rho = spearman([float(ours[cell][name]) for cell in defined], [float(theirs[cell][column]) for cell in defined])
        yield name, column, len(defined), len(ours) - len(defined), rho, least, published


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jar", required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with data/cifar10 and data/nb201")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="plans and shards; kept")
    parser.add_argument("--shards", type=int, default=32, help="of a population that is not there yet")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--only", choices=["forward", "backward"], help="all cells with the first, or 2,000 with the second")
    parser.add_argument("--cells", type=int, help="only so many random cells of each, to try the command out; writes no results")
    parser.add_argument("--java-option", action="append", default=[], help="as --java-option=-Xmx512m; may be repeated")
    arguments = parser.parse_args()
    theirs = recorded(arguments.shared)
    cells = list(theirs)
    drawn = random.Random(SEED).sample(cells, SAMPLE)
    populations = {"forward": (cells, FORWARD), "backward": (drawn, BACKWARD)}
    lines = []
    for name, (chosen, scores) in populations.items():
        if arguments.only in (None, name):
            if arguments.cells:
                chosen = random.Random(SEED).sample(chosen, arguments.cells)
            start = time.monotonic()
            ours, (seconds, each), memory = Runner(arguments).population(arguments.work / name, chosen, scores)
            wall = time.monotonic() - start
            for score, column, defined, undefined, rho, least, published in agreement(ours, theirs, scores):
                passed = "" if least is None else "yes" if rho >= least else "no"
                lines.append([score, column, defined, undefined, f"{rho:.5f}", least or "", passed, published, f"{each[score]:.2f}"])
                print(*lines[-1])
            print(f"{name}: {wall:.0f} s in this session, {seconds:.0f} s of all processes; resident MiB of a process, first half and at all:",
                  [tuple(map(round, m.growth())) for m in memory])
    if arguments.cells is None and arguments.only is None:
        header = ["score", "recorded", "cells", "undefined", "rho", "asked", "passed", "published_rho", "milliseconds"]
        with open(RESULTS / "nb201-agreement.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            writer.writerows(lines)


if __name__ == "__main__":
    main()
