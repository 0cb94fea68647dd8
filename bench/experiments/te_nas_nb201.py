"""Cells that TE-NAS finds on NAS-Bench-201 with CIFAR-10 images, seeds 0-7, and their true accuracy.

    python bench/experiments/te_nas_nb201.py --jar java/cli/target/winnow.jar --shared ../shared --work RUNS

Runs every (method, seed) that RUNS does not hold yet, continues what was interrupted, and writes
bench/results/te-nas-nb201.csv (a line per run) and bench/results/te-nas-nb201-summary.csv (mean and standard error).
Searches see CIFAR-10 images only; CIFAR-100 and ImageNet16-120 accuracies are of the same cells. Random search scores as many
networks as the released search evaluates, 108 x 3 repeats = 54 candidates x 3 repeats x 2 networks. Argmax of parameters and of
MACs have no seeds. Times are printed and not kept: they say more about the machine's load than about a method.
"""

import argparse
import csv
import gzip
import json
import math
import pathlib
import statistics
import subprocess

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"
TABLE = "data/nb201/nb201_accuracy.csv.gz"
ACCURACIES = ("c10_test_200_mean", "c100_test_200_mean", "in16_test_200_mean")
METHODS = {
    "winnow": ["te-nas", "--mode", "winnow"],
    "released": ["te-nas", "--mode", "released"],
    "paper": ["te-nas", "--mode", "paper"],
    "random": ["random", "--set", "random.networks=108", "--set", "random.repeats=3"],
}


def search(arguments, method, seed):
    """The result of one search, from its run folder."""
    folder = arguments.work / f"{method}-{seed}"
    if not (folder / "result.json").exists():
        command = ["java", "-jar", arguments.jar, "search"]
        if (folder / "config.resolved.yaml").exists():
            command += ["--resume", folder]
        else:
            command += [*METHODS[method], "--space", "nas-bench-201", "--seed", seed, "--out", folder]
            command += ["--data", f"cifar10:{arguments.shared / 'data/cifar10'}", "--table", arguments.shared / TABLE]
        command += ["--json", "--threads", arguments.threads]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{method} seed {seed}: exit code {done.returncode}: {done.stderr.strip()}")
        (arguments.work / f"{method}-{seed}.json").write_text(done.stdout, encoding="utf-8")
    return json.loads((arguments.work / f"{method}-{seed}.json").read_text(encoding="utf-8"))


def accuracies(arguments):
    with gzip.open(arguments.shared / TABLE, "rt", encoding="utf-8", newline="") as file:
        return {row["arch_str"]: row for row in csv.DictReader(file)}


def largest(arguments, table):
    """The cells of most parameters and of most MACs; of equal ones the mean accuracy."""
    with gzip.open(arguments.shared / "data/nb201/nb201_params_flops.csv.gz", "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    architecture = {row["index"]: cell for cell, row in table.items()}
    for quantity in ("params", "flops"):
        column = f"{quantity}_M_cifar10"
        most = max(float(row[column]) for row in rows)
        cells = [architecture[row["index"]] for row in rows if float(row[column]) == most]
        means = [statistics.mean(float(table[cell][name]) for cell in cells) for name in ACCURACIES]
        yield f"argmax {quantity}", cells, means


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jar", required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder with data/cifar10 and data/nb201")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="run folders; kept")
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    table = accuracies(arguments)
    header = ["method", "seed", *ACCURACIES, "parameters", "macs", "architecture"]
    lines = []
    for seed in range(arguments.seeds):
        for method in METHODS:
            result = search(arguments, method, seed)
            cell = result["genotype"]
            values = [table[cell][name] for name in ACCURACIES]
            lines.append([method, seed, *values, result["parameters"], result["macs"], cell])
            write(RESULTS / "te-nas-nb201.csv", header, lines)
            print(method, seed, *values, f"{result['seconds']:.1f} s", cell, flush=True)
    summary = []
    for method in METHODS:
        runs = [line for line in lines if line[0] == method]
        row = [method, len(runs)]
        for column in range(len(ACCURACIES)):
            values = [float(run[2 + column]) for run in runs]
            error = statistics.stdev(values) / math.sqrt(len(values)) if len(values) > 1 else float("nan")
            row += [f"{statistics.mean(values):.2f}", f"{error:.2f}"]
        summary.append(row)
    for name, cells, means in largest(arguments, table):
        summary.append([name, len(cells), *[text for mean in means for text in (f"{mean:.2f}", "")]])
    columns = [text for name in ACCURACIES for text in (name, name + "_stderr")]
    write(RESULTS / "te-nas-nb201-summary.csv", ["method", "runs", *columns], summary)


def write(path, header, lines):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


if __name__ == "__main__":
    main()
