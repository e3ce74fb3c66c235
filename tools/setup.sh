#!/usr/bin/env bash
# Installs what is missing on Debian 12: tools/setup.sh build | tests | pip | python...
#   build   compiler, cmake, libraries          tests   cmocka, clang with its sanitizers and libFuzzer
#   pip     python3-pip, to fetch wheels
#   python  a virtual environment in .venv with numpy, onnx, onnxruntime, openvino, safetensors, pytest, xdist, hypothesis, and the wheels that
#           are run with outboard in onnxruntime's place (without torch, which silero-vad lists, and a test stands in for)
set -euo pipefail
cd "$(dirname "$0")/.."

build="gcc g++ cmake ninja-build pkg-config libjansson-dev libdnnl-dev libc6-dev man-db"
build="$build libjpeg62-turbo-dev libpng-dev libwebp-dev libtiff-dev libopenjp2-7-dev libre2-dev"
tests="libcmocka-dev clang-14 libomp-14-dev libclang-rt-14-dev lld-14 gcc-aarch64-linux-gnu libc6-dev-arm64-cross"
python="python3-venv python3-pip"

packages() { # NAME...: installs those that are not there yet
  local missing=()
  for name in "$@"; do dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing+=("$name"); done
  [ ${#missing[@]} -eq 0 ] && return
  echo "installing: ${missing[*]}"
  local sudo=""
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

for part in "$@"; do
  case $part in
    build) packages $build ;;
    tests) packages $build $tests ;;
    pip) packages python3-pip ;;
    python)
      packages $python
      [ -x .venv/bin/python ] || python3 -m venv .venv || /usr/bin/python3 -m venv .venv
      .venv/bin/python -c 'import numpy, onnx, onnxruntime, openvino, safetensors, pytest, xdist, hypothesis, sympy, onnx_ir' 2>/dev/null ||
        .venv/bin/pip install -q --disable-pip-version-check numpy onnx==1.23.2 onnxruntime==1.32.0 openvino==2026.4.1 safetensors pytest pytest-xdist hypothesis sympy onnx-ir
      ;;
    *) echo "tools/setup.sh: unknown part '$part'" >&2; exit 2 ;;
  esac
done
