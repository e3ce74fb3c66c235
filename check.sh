#!/usr/bin/env bash
# Builds everything and runs all tests. Installs what they need (Debian 12). The last line counts tests.
#   ./check.sh          all of it, as CI does: about a quarter of an hour on two cores
#   ./check.sh --quick  the optimised build only, without sanitizers, fuzzing and the large models
set -uo pipefail
cd "$(dirname "$0")"
quick=false
[ "${1:-}" = --quick ] && quick=true
fuzz_seconds=${FUZZ_SECONDS:-$([ "${CI:-}" = true ] && echo 60 || echo 10)}
jobs=$(nproc)
passed=0 failed=0 failures=()

note() { printf '\n== %s\n' "$*"; }
count() { # PASSED FAILED WHAT
  passed=$((passed + $1)) failed=$((failed + $2))
  [ "$2" -eq 0 ] || failures+=("$3: $2")
}
stop() { echo "check.sh: $1" >&2; echo "$passed passed, $((failed + 1)) failed"; exit 1; }

note "packages"
tools/setup.sh build tests python || stop "packages could not be installed"

build() { # PRESET
  note "build: $1"
  cmake --preset "$1" >"build/$1.log" 2>&1 && cmake --build --preset "$1" -j "$jobs" >>"build/$1.log" 2>&1 ||
    { tail -n 40 "build/$1.log"; stop "the build '$1' failed"; }
}
run_ctest() { # PRESET [ENVIRONMENT...]
  note "C tests: $1"
  local log="build/$1-ctest.log" preset=$1
  shift
  env "$@" ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure >"$log" 2>&1 || grep -E -A 30 'Failed|\*\*\*' "$log" | tail -n 80
  local total bad
  total=$(grep -oE 'out of [0-9]+' "$log" | tail -n 1 | grep -oE '[0-9]+' || echo 0)
  bad=$(grep -oE '[0-9]+ tests? failed' "$log" | tail -n 1 | grep -oE '^[0-9]+' || echo 0)
  [ "$total" -gt 0 ] || bad=1
  echo "$((total - bad)) of $total programs passed"
  # programs of cmocka print a line a test
  count "$((total - bad))" "$bad" "C tests, $preset"
}

mkdir -p build
build check
run_ctest check

note "layering"
python3 tools/layering.py && count 1 0 layering || count 0 1 layering

note "models"
models=${OUTBOARD_MODELS:-models}
if $quick; then only=(--only magika --only silero_vad --only ds_cnn_qdq); else only=(); fi
.venv/bin/python tools/fetch_models.py "$models" ${only[@]+"${only[@]}"} || stop "the models could not be fetched"

run_pytest() { # WHAT BUILD ENVIRONMENT... -- ARGUMENTS...
  local what=$1 build=$2 report="build/pytest.xml" total bad environment=()
  shift 2
  while [ "$1" != -- ]; do environment+=("$1") && shift; done
  shift
  note "Python tests: $what"
  rm -f "$report"
  env OUTBOARD_MODELS="$models" OB_BUILD="$PWD/build/$build" ${environment[@]+"${environment[@]}"} \
    .venv/bin/python -m pytest -q --maxfail=50 --junitxml="$report" "$@" || true
  read -r total bad < <(python3 - "$report" <<'P'
import sys, xml.etree.ElementTree as E
try:
    s = E.parse(sys.argv[1]).getroot()
    s = s if s.tag == "testsuite" else s[0]
    print(int(s.get("tests")) - int(s.get("skipped")), int(s.get("failures")) + int(s.get("errors")))
except Exception:
    print(1, 1)
P
  )
  count "$((total - bad))" "$bad" "Python tests, $what"
}

run_pytest "all" check -- -n "$jobs" tests --ignore tests/onnx_backend
run_pytest "ONNX's backend suite with ref" check OUTBOARD_SUITE_ENGINES=ref -- tests/onnx_backend
run_pytest "ONNX's backend suite with onednn, cpu and ref" check OUTBOARD_SUITE_ENGINES=onednn,cpu,ref -- tests/onnx_backend

if ! $quick; then
  build debug
  run_ctest debug ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1
  run_pytest "ONNX's backend suite under ASan and UBSan" debug OUTBOARD_SUITE_ENGINES=onednn,cpu,ref -- tests/onnx_backend
  build tsan
  run_ctest tsan TSAN_OPTIONS=halt_on_error=1:suppressions=$PWD/tests/tsan.supp
  build fuzz
  note "fuzzing: $fuzz_seconds s each"
  for target in build/fuzz/bin/*_fuzz; do
    name=$(basename "$target")
    corpus=build/fuzz/corpus/$name
    mkdir -p "$corpus"
    seeds=()
    [ -d "fuzz/seeds/$name" ] && seeds=("fuzz/seeds/$name")
    if "$target" -rss_limit_mb=2048 -max_total_time="$fuzz_seconds" -timeout=10 -artifact_prefix="build/fuzz/" "$corpus" ${seeds[@]+"${seeds[@]}"} \
      >"build/fuzz/$name.log" 2>&1; then
      count 1 0 "$name"
      echo "$name: $(grep -oE '^Done [0-9]+ runs' "build/fuzz/$name.log" || tail -n 1 "build/fuzz/$name.log")"
    else
      tail -n 40 "build/fuzz/$name.log"
      count 0 1 "$name"
    fi
  done
fi

[ ${#failures[@]} -eq 0 ] || printf 'failed: %s\n' "${failures[@]}"
printf '\n%d passed, %d failed\n' "$passed" "$failed"
[ "$failed" -eq 0 ]
