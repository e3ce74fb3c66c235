#!/usr/bin/env bash
# Shows the main job on a real model: installs what is missing (Debian 12), builds, fetches magika 1.0.3 from its wheel, compiles it into one
# file, and tells the content type of files: some of this machine's, or those given: ./demo.sh FILE...
set -euo pipefail
here=$PWD
cd "$(dirname "$0")"
files=()
for file in "$@"; do
  case $file in /*) files+=("$file") ;; *) files+=("$here/$file") ;; esac
done
step() { printf '\n\033[1m%s\033[0m\n' "$*" | { [ -t 1 ] && cat || sed 's/\x1b\[[0-9;]*m//g'; }; }

step "1. Build"
tools/setup.sh build
mkdir -p build/demo
{ cmake --preset release && cmake --build --preset release; } >build/demo/build.log 2>&1 ||
  { tail -n 30 build/demo/build.log; echo "demo.sh: the build failed; all of it is in build/demo/build.log" >&2; exit 1; }
echo "build/release/bin/outboard: $(build/release/bin/outboard --version)"

step "2. Fetch the model (magika 1.0.3, 3 MB, from its wheel)"
demo=build/demo
if [ ! -f $demo/magika.onnx ]; then
  python3 -m pip --version >/dev/null 2>&1 || tools/setup.sh pip
  python3 -m pip download -q --disable-pip-version-check --no-deps --only-binary=:all: --platform manylinux_2_28_x86_64 -d $demo magika==1.0.3
  python3 tools/magika_labels.py $demo/magika-*.whl $demo
fi
ls -l $demo/magika.onnx | awk '{print $NF ": " $5 " bytes"}'

step "3. Compile it into one file"
build/release/bin/outboard compile $demo/magika.onnx -o $demo/magika.ob

step "4. Tell the content type of files"
if [ ${#files[@]} -eq 0 ]; then
  pick() { find "$1" -xdev -type f -name "$2" -size "${3:-+0}" -print 2>/dev/null | sort | head -n 1 || true; }
  candidates=(README.md CMakeLists.txt CMakePresets.json LICENSE demo.sh tools/fetch_models.py src/base/arena.c $demo/magika.onnx
    build/release/bin/outboard "$(ls $demo/*.whl)" "$(pick build/release '*.a')" "$(pick /usr '*.gz')" "$(pick /usr '*.pyc')" "$(pick /usr '*.pl')"
    "$(pick /usr '*.h' +4)" "$(pick /usr '*.xml')" "$(pick /usr '*.png')" "$(pick /usr '*.svg')" "$(pick /usr '*.html' +4)" "$(pick /usr '*.css')"
    "$(pick /usr '*.js')" "$(pick /usr '*.xz')" "$(pick /usr '*.deb')" "$(pick /etc '*.conf')" "$(pick /usr '*.mo')")
  for file in "${candidates[@]}"; do [ -n "$file" ] && [ -f "$file" ] && files+=("$file"); done
fi
build/release/bin/examples/magika $demo/magika.ob $demo/labels.txt "${files[@]}"

step "5. Which engine runs what"
build/release/bin/outboard inspect $demo/magika.ob | head -n 60

step "6. How fast"
build/release/bin/outboard bench $demo/magika.ob --seconds 1
