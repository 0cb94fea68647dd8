"""One combined score, chosen on half of NAS-Bench-201 with CIFAR-10, judged on the other half and on every other space.

    python bench/experiments/combined_score.py --jar java/cli/target/winnow.jar --shared ../shared --work RUNS

The definition is Σ log(rank/m) of three scores (rank-log, AZ-NAS) among the eleven that are recorded in every space. Which three: of
all 165, those of the largest Spearman's rho with CIFAR-10 accuracy on a random half (seed 0) of the 9,445 cells with recorded scores.
This script reads no other accuracy before that (bench/README.md says what its authors had seen). It then stands, beside the same of jacov and params, beside parameters and FLOPs, and beside the
best of the eleven, which is chosen with the answers in hand: no score could know it. `winnow evaluate` computes every number; intervals
are of 200 resamples of the architectures. Writes bench/results/combined-score.csv and -choice.csv.

Scores are the recorded ones of NASLib and NAS-Bench-Suite-Zero; of the 214 trained DARTS cells there are none, so `winnow score`
computes them (C=16, 8 cells, one batch of 64 CIFAR-10 images: the network of DARTS's search), into RUNS, resumed where interrupted.
"""

import argparse
import csv
import gzip
import itertools
import json
import math
import pathlib
import random
import subprocess

RESULTS = pathlib.Path(__file__).resolve().parent.parent / "results"
SCORES = ["epe_nas", "fisher", "flops", "grad_norm", "grasp", "jacov", "l2_norm", "params", "plain", "snip", "synflow"]
LOWER = ["plain"]  # as published
MEMBERS, SEED, REFERENCE = 3, 0, ("jacov", "params")
NB201 = "nb201/nb201_accuracy.csv.gz"
SUITE = "nb201/nb201_zc_suitezero_cifar10.csv.gz"
EARLY = "nb201/nb201_zc_naslib_early.csv.gz"
NB101 = "nb101/nb101_zc_naslib_early.csv.gz"
NB301 = "nb301/nb301_zc_naslib_early.csv.gz"
DARTS = "darts/darts_random214_cifar10.csv.gz"
# Space, truth, file of scores, its options; file of truths, its options. RUNS/ is the folder of computed ones.
ON_201 = ["--space", "nas-bench-201"]
ON_101 = ["--space", "none", "--scores-architecture", "module_hash", "--table-architecture", "module_hash"]
ON_301 = ["--space", "none", "--scores-architecture", "genotype_compact", "--table-architecture", "genotype_compact"]
JUDGED = [
    ("NAS-Bench-201, the other half", "c10_test_200_mean", "RUNS/half.csv", ON_201, NB201),
    ("NAS-Bench-201, all", "c10_test_200_mean", SUITE, ON_201, NB201),
    ("NAS-Bench-201, CIFAR-100", "c100_test_200_mean", EARLY, [*ON_201, "--where", "dataset=cifar100"], NB201),
    ("NAS-Bench-201, ImageNet16-120", "in16_test_200_mean", EARLY, [*ON_201, "--where", "dataset=ImageNet16-120"], NB201),
    ("NAS-Bench-201, CIFAR-100 by CIFAR-10 scores", "c100_test_200_mean", SUITE, ON_201, NB201),
    ("NAS-Bench-201, ImageNet16-120 by CIFAR-10 scores", "in16_test_200_mean", SUITE, ON_201, NB201),
    ("NAS-Bench-101", "valid_108", "RUNS/nb101.csv", ON_101, "RUNS/nb101.csv"),
    ("NAS-Bench-301, surrogate", "surrogate_val", NB301, ON_301, NB301),
    ("DARTS, trained", "final_test_acc_600", "RUNS/darts.csv", None, DARTS),
]


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


def choose(data, half):
    """The members, best first: (rho on the choosing half, members)."""
    with gzip.open(data / NB201, "rt", encoding="utf-8", newline="") as file:
        accuracy = {row["index"]: float(row["c10_test_200_mean"]) for row in csv.DictReader(file)}
    with gzip.open(data / SUITE, "rt", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    random.Random(SEED).shuffle(rows)
    chosen, rest = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    with open(half, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rest[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rest)
    size = len(chosen)
    truth = [rank - (size + 1) / 2 for rank in ranks([accuracy[row["index"]] for row in chosen])]
    sign = {score: -1 if score in LOWER else 1 for score in SCORES}
    logs = {s: [math.log(r / size) for r in ranks([sign[s] * float(row[s]) for row in chosen])] for s in SCORES}
    found = []
    for members in itertools.combinations(SCORES, MEMBERS):
        mine = ranks([sum(parts) for parts in zip(*(logs[m] for m in members))])
        product = sum(t * r for t, r in zip(truth, mine))
        found.append((product / math.sqrt(sum(t * t for t in truth) * sum((r - (size + 1) / 2) ** 2 for r in mine)), members))
    return sorted(found, reverse=True)


def unique(source, key, out):
    """The first row of every architecture: some are recorded twice."""
    with gzip.open(source, "rt", encoding="utf-8", newline="") as file:
        rows = {}
        for row in csv.DictReader(file):
            rows.setdefault(row[key], row)
    with open(out, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, next(iter(rows.values())), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows.values())


class Winnow:
    def __init__(self, arguments):
        self.java, self.data, self.work = ["java", "-jar", arguments.jar], arguments.shared.resolve() / "data", arguments.work

    def run(self, *words):
        done = subprocess.run([*self.java, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"winnow {' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def darts(self, scores):
        """Scores of the trained DARTS cells."""
        cells, out = self.work / "darts.txt", self.work / "darts.csv"
        with gzip.open(self.data / DARTS, "rt", encoding="utf-8", newline="") as file:
            cells.write_text("".join(f"{row['normal_cell']}/{row['reduce_cell']}\n" for row in csv.DictReader(file)), encoding="utf-8")
        self.run("score", "--space", "darts", "--archs", cells, "--scores", ",".join(scores), "--set", "channels=16", "--set",
                 "cellsPerStage=2", "--repeats", 1, "--data", f"cifar10:{self.data / 'cifar10'}", "--out", out, "--resume")

    def evaluate(self, scores, options, table, accuracy, combinations):
        """The evaluation as its JSON has it; `options` None for a file of `winnow score`."""
        names = [] if options is None else ["--scores-columns", ",".join(SCORES), "--lower", ",".join(LOWER), *options]
        scores, table = (self.work / file[5:] if file.startswith("RUNS/") else self.data / file for file in (scores, table))
        flops = "macs" if options is None else "flops"
        for name, members in combinations.items():
            names += ["--combine", f"{name}=rank-log:{','.join(flops if m == 'flops' else m for m in members)}"]
        text = self.run("evaluate", "--scores", scores, "--table", table, "--accuracy", accuracy, "--bootstrap", 200, "--json", *names)
        return json.loads(text)["evaluations"][0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jar", required=True)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--work", type=pathlib.Path, required=True, help="computed scores; kept")
    arguments = parser.parse_args()
    arguments.work.mkdir(parents=True, exist_ok=True)
    winnow = Winnow(arguments)
    choice = choose(winnow.data, arguments.work / "half.csv")
    write("combined-score-choice.csv", ["rho_on_choosing_half", "members"], [[f"{rho:.4f}", " ".join(members)] for rho, members in choice])
    combinations = {"combined": choice[0][1], "reference": REFERENCE}
    print("chosen:", " ".join(choice[0][1]), f"rho {choice[0][0]:.4f} on the choosing half")
    unique(winnow.data / NB101, "module_hash", arguments.work / "nb101.csv")
    winnow.darts(["params", "macs", *[m for m in choice[0][1] if m not in ("params", "flops")]])
    lines = []
    for space, accuracy, scores, options, table in JUDGED:
        found = winnow.evaluate(scores, options, table, accuracy, combinations)
        by_name = {("flops" if each["name"] == "macs" else each["name"]): each for each in found["scores"]}
        rho = {name: each["criteria"]["spearman"]["value"] for name, each in by_name.items()}
        single = max((name for name in rho if name not in combinations), key=rho.get)
        for label, name in (("combined", "combined"), ("jacov and params", "reference"), ("best single, in hindsight", single),
                            ("params", "params"), ("flops", "flops")):
            each, s = by_name[name], by_name[name]["criteria"]["spearman"]
            meaning = " ".join(combinations.get(name, (name,)))
            loses = "yes" if s["value"] < rho["flops"] else ""
            lines.append([space, accuracy, found["architectures"], label, meaning, *(f"{s[k]:.3f}" for k in ("value", "low", "high")), loses,
                          f"{each['pick']['truth']:.2f}", each["pick"]["trueRank"]])
            print(*lines[-1], flush=True)
    write("combined-score.csv", ["space", "truth", "architectures", "score", "members", "rho", "low", "high", "loses_to_flops",
                                 "picked_truth", "picked_true_rank"], lines)


def write(name, header, lines):
    with open(RESULTS / name, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(lines)


if __name__ == "__main__":
    main()
