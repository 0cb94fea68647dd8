#!/bin/sh
# That compare.py runs, on the smallest shapes: compare_test.sh PYTHON LIBRARY BENCH. 77: this Python has no torch or numpy.
here=$(dirname "$0")
if ! "$1" -c 'import numpy, torch' 2>/dev/null; then
  echo "skipped: $1 has no torch and numpy (-DWINNOW_PYTHON=PYTHON names another)"
  exit 77
fi
exec "$1" "$here/compare.py" --library "$2" --bench "$3" --shapes "$here/shapes/tiny.txt" --only nas-bench-201 --rounds 1
