#!/usr/bin/env bash
# Everything about the GPU on one machine: build, device tests, sanitizer, timings, the fat JAR, PyTorch beside it; one table last.
#
#   bench/gpu/run.sh [--out FOLDER] [--rounds N] [--jar winnow.jar] [--runtime FOLDER|FOLDER.tar.gz] [--python PYTHON]
#
# Needs CMake and a C++ compiler; nvcc and a GPU for what the issue is about; no network and no Java of the machine's own (the runtime
# is carried along: runtime.sh makes it). What is missing is said, and everything else still runs: without nvcc or without a GPU
# everything is still compiled that can be. Exit status 1 when something that ran failed.
set -uo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$root/build/gpu rounds=9 jar= runtime= python=python3
usage() { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
while [ $# -gt 0 ]; do
  [ $# -ge 2 ] || usage
  case $1 in
    --out) out=$2 ;; --rounds) rounds=$2 ;; --jar) jar=$2 ;; --runtime) runtime=$2 ;; --python) python=$2 ;;
    *) usage ;;
  esac
  shift 2
done
mkdir -p "$out" && out=$(cd "$out" && pwd)
build=$out/build table=$out/table.txt failed=0
: > "$table"
say() { printf '\n== %s\n' "$*"; }
row() { printf '%-34s %s\n' "$1" "$2" >> "$table"; }
# What happened to one step; 77 is "skipped".
outcome() { # NAME STATUS DETAIL
  case $2 in
    0) row "$1" "done${3:+: $3}" ;;
    77) row "$1" "NOT RUN: ${3:-skipped}" ;;
    *) row "$1" "FAILED ($2)${3:+: $3}"; failed=1 ;;
  esac
}

say "machine"
date -u
commit=$(git -C "$root" describe --always --dirty --exclude '*' 2>/dev/null || echo unknown)
echo "commit $commit"
nvcc=$(command -v "${CUDACXX:-nvcc}" || ls /usr/local/cuda/bin/nvcc 2>/dev/null || true)
if [ -n "$nvcc" ]; then "$nvcc" --version | tail -2 | head -1; else echo "no nvcc: no GPU code is compiled"; fi
if command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1; then
  gpu=yes
  nvidia-smi --query-gpu=index,name,driver_version,memory.total,clocks.sm,clocks.max.sm,clocks.mem,power.limit --format=csv
else
  gpu=
  echo "no GPU answers nvidia-smi: whatever needs one is compiled and not run"
fi

say "build"
cuda=OFF
[ -n "$nvcc" ] && cuda=ON && export CUDACXX=$nvcc
cmake -S "$root/native" -B "$build" -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=ON -DWINNOW_CUDA=$cuda -DWINNOW_COMMIT="$commit" \
  > "$out/configure.log" 2>&1 && cmake --build "$build" --parallel "$(nproc)" > "$out/build.log" 2>&1
status=$?
[ $status -eq 0 ] || tail -30 "$out/build.log"
outcome "build" $status "$(du -k "$build/libwinnow_cuda.so" 2>/dev/null | awk '{print "libwinnow_cuda.so " $1 " KiB"}')"
[ $status -eq 0 ] || { cat "$table"; exit 1; }
grep 'GPU code' "$out/configure.log"

say "emulated kernels on the host"
(cd "$build" && ctest -R emulated --output-on-failure)
outcome "kernels emulated on the host" $?

say "device tests"
if [ -n "$gpu" ] && [ $cuda = ON ]; then
  (cd "$build" && WINNOW_REQUIRE_GPU=1 ctest -L gpu --verbose > "$out/tests.log" 2>&1)
  status=$?
  tail -15 "$out/tests.log"
  outcome "device tests" $status "$(grep -E 'tests passed' "$out/tests.log")"
  if command -v compute-sanitizer >/dev/null; then
    for tool in memcheck racecheck initcheck synccheck; do
      status=0
      for test in "$build"/tests/test_*_gpu; do
        compute-sanitizer --tool $tool --error-exitcode 1 "$test" > "$out/$tool-$(basename "$test").log" 2>&1 || status=1
      done
      outcome "compute-sanitizer $tool" $status
    done
  else
    outcome "compute-sanitizer" 77 "not installed"
  fi
else
  (cd "$build" && ctest -L gpu --verbose | grep -E 'skipped:|Skipped|nothing was timed' | sort -u)
  outcome "device tests" 77 "$([ $cuda = ON ] && echo "no GPU" || echo "no nvcc")"
  outcome "compute-sanitizer" 77 "no GPU"
fi

say "timings"
"$build/bench/gpu/winnow_gpu_bench" --rounds "$rounds" --out "$out/bench.json" > "$out/bench.txt"
status=$?
cat "$out/bench.txt"
outcome "winnow_gpu_bench" $status "$(grep 'nothing was timed' "$out/bench.txt" | sed 's/nothing was timed: //')"

say "fat JAR"
java=java
if [ -n "$runtime" ]; then
  case $runtime in *.tar.gz) mkdir -p "$out/runtime" && tar -C "$out/runtime" --strip-components=1 -xzf "$runtime" && runtime=$out/runtime ;; esac
  java=$runtime/bin/java
  echo "runtime: $runtime, $(du -sm "$runtime" | cut -f1) MiB"
fi
if [ -z "$jar" ]; then
  outcome "fat JAR" 77 "no --jar"
elif ! command -v "$java" >/dev/null; then
  outcome "fat JAR" 77 "no Java: --runtime takes what runtime.sh makes"
else
  "$java" -jar "$jar" doctor
  outcome "doctor" $?
  if [ -n "$gpu" ]; then
    rm -rf "$out"/search-*
    for run in cuda cuda-again cpu; do
      before=$(date +%s.%N)
      "$java" -jar "$jar" search te-nas --space nas-bench-201 --mode released --seed 0 --device "${run%-again}" \
        --out "$out/search-$run" > "$out/search-$run.txt" 2>&1
      status=$?
      [ $status -eq 0 ] || tail -3 "$out/search-$run.txt"
      outcome "search NAS-Bench-201, $run" $status \
        "$(echo "$(date +%s.%N) $before" | awk '{printf "%.2f s with the start of Java", $1 - $2}')"
    done
    cmp "$out/search-cuda/result.json" "$out/search-cuda-again/result.json"
    outcome "same bytes from run to run" $?
  else
    outcome "search NAS-Bench-201, cuda" 77 "no GPU"
  fi
fi

say "PyTorch on the same card"
if "$python" -c 'import numpy, torch, sys; sys.exit(0 if torch.cuda.is_available() else 1)' 2>/dev/null; then
  "$python" "$root/bench/gpu/baseline.py" --ours "$out/bench.json" --rounds "$rounds" --out "$out/pytorch.json" | tee "$out/pytorch.txt"
  outcome "PyTorch loop" "${PIPESTATUS[0]}"
else
  outcome "PyTorch loop" 77 "$python has no torch that sees a GPU"
fi

say "table: commit $commit"
cat "$table"
[ -s "$out/bench.json" ] && sed -n '/^$/,$p' "$out/bench.txt"
[ -s "$out/pytorch.txt" ] && { echo; cat "$out/pytorch.txt"; }
exit $failed
