"""Build backend (PEP 517 and 660): runs CMake and packs library, engines and Python package as py3-none-PLATFORM.

Needs what the C build needs (cmake, a compiler, jansson; oneDNN where that engine is wanted) and nothing from Python.
Config settings, as in `pip wheel . --config-settings bundle=yes`:
    bundle=yes    also packs the libraries that ours link (jansson, oneDNN, OpenMP's), for machines that lack them
    cmake=-DX=Y   options for CMake
    build=DIR     packs what that build folder holds, as it is"""
import base64
import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sysconfig
import tarfile
import zipfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "python" / "outboard"
BUILD = ROOT / "build" / "wheel"
# what every Linux has: never packed
SYSTEM = re.compile(r"^(ld-linux|linux-vdso|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+)\.so)")

# a search path that also holds for the libraries of our libraries, which a bundle packs too
INHERITED = "-Wl,--disable-new-dtags"


def version():
    return re.search(r"project\(outboard VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text()).group(1)


def metadata():
    return "\n".join([
        "Metadata-Version: 2.1", "Name: outboard", f"Version: {version()}",
        "Summary: Runs neural networks on the engines that a user already has", "Requires-Python: >=3.9", "Requires-Dist: numpy",
        "Provides-Extra: types", 'Requires-Dist: ml_dtypes; extra == "types"', "Provides-Extra: onnx",
        'Requires-Dist: onnx; extra == "onnx"', "Description-Content-Type: text/markdown", "",
        (ROOT / "docs" / "python.md").read_text()])


def wheel_tag():
    return "py3-none-" + re.sub(r"[-.]", "_", sysconfig.get_platform())


def run(*words):
    subprocess.run([str(w) for w in words], check=True)


def build(settings):
    """The installed tree."""
    stage, done = BUILD / "stage", (settings or {}).get("build")
    shutil.rmtree(stage, ignore_errors=True)
    if not done:
        compile_library(settings)
    run("cmake", "--install", done or BUILD, "--prefix", stage, "--strip")
    return next(stage.rglob("liboutboard.so")).parent


def compile_library(settings):
    options = (settings or {}).get("cmake", [])
    options = [options] if isinstance(options, str) else options
    generator = ["-G", "Ninja"] if shutil.which("ninja") and not (BUILD / "CMakeCache.txt").exists() else []
    run("cmake", "-S", ROOT, "-B", BUILD, *generator, "-DCMAKE_BUILD_TYPE=Release", "-DOB_TESTS=OFF", "-DCMAKE_INSTALL_LIBDIR=lib",
        "-DCMAKE_INSTALL_RPATH=$ORIGIN:$ORIGIN/..", *[f"-DCMAKE_{kind}_LINKER_FLAGS={INHERITED}" for kind in ("SHARED", "MODULE")], *options)
    run("cmake", "--build", BUILD, "-j", os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL") or os.cpu_count() or 1)


def linked(library):
    """Libraries that `library` loads, and that not every Linux has."""
    lines = subprocess.run(["ldd", library], check=True, capture_output=True, text=True).stdout.splitlines()
    found = [re.match(r"\s*(\S+) => (/\S+)", line) for line in lines]
    return {m.group(1): pathlib.Path(m.group(2)) for m in found if m and not SYSTEM.match(m.group(1))}


def package_files(settings):
    """Path in the wheel to file on disk."""
    lib = build(settings)
    files = {f"outboard/{p.name}": p for p in sorted(PACKAGE.glob("*.py"))}
    files["outboard/lib/liboutboard.so"] = (lib / "liboutboard.so").resolve()
    engines = sorted((lib / "outboard").glob("ob_*.so"))  # and optional parts of engines
    files.update({f"outboard/lib/outboard/{p.name}": p for p in engines})
    if (settings or {}).get("bundle", "no") == "yes":
        for library in [files["outboard/lib/liboutboard.so"], *engines]:
            files.update({f"outboard/lib/{name}": path.resolve() for name, path in linked(library).items() if name != "liboutboard.so.0"})
    return files


class Wheel:
    """A wheel in the making: files, and the record of their hashes. Same files, same bytes."""

    def __init__(self, path):
        self.zip, self.record = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED), []
        self.info = f"outboard-{version()}.dist-info"

    def add(self, name, data, mode=0o644):
        entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
        entry.external_attr, entry.compress_type = (0o100000 | mode) << 16, zipfile.ZIP_DEFLATED
        self.zip.writestr(entry, data)
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        self.record.append(f"{name},sha256={digest},{len(data)}")

    def close(self, tag):
        self.add(f"{self.info}/METADATA", metadata().encode())
        self.add(f"{self.info}/WHEEL", f"Wheel-Version: 1.0\nGenerator: outboard\nRoot-Is-Purelib: false\nTag: {tag}\n".encode())
        self.add(f"{self.info}/LICENSE", (ROOT / "LICENSE").read_bytes())
        self.record.append(f"{self.info}/RECORD,,")
        self.zip.writestr(zipfile.ZipInfo(f"{self.info}/RECORD", (1980, 1, 1, 0, 0, 0)), "\n".join(self.record) + "\n")
        self.zip.close()


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = f"outboard-{version()}-{wheel_tag()}.whl"
    files = package_files(config_settings)
    wheel = Wheel(pathlib.Path(wheel_directory) / name)
    for path, source in files.items():
        wheel.add(path, source.read_bytes(), 0o755 if ".so" in path else 0o644)
    wheel.close(wheel_tag())
    return name


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    """Python from this tree, with the library of build/wheel, or of $OUTBOARD_BUILD."""
    build(config_settings)
    name = f"outboard-{version()}-{wheel_tag()}.whl"
    wheel = Wheel(pathlib.Path(wheel_directory) / name)
    wheel.add("outboard.pth", f"{ROOT / 'python'}\n".encode())
    wheel.close(wheel_tag())
    return name


def build_sdist(sdist_directory, config_settings=None):
    """What git has."""
    base = f"outboard-{version()}"
    names = subprocess.run(["git", "-C", str(ROOT), "ls-files"], check=True, capture_output=True, text=True).stdout.split("\n")
    with tarfile.open(pathlib.Path(sdist_directory) / f"{base}.tar.gz", "w:gz", format=tarfile.PAX_FORMAT) as tar:
        for name in filter(None, names):
            tar.add(ROOT / name, f"{base}/{name}", recursive=False)
        info = pathlib.Path(sdist_directory) / "PKG-INFO"
        info.write_text(metadata())
        tar.add(info, f"{base}/PKG-INFO")
        info.unlink()
    return f"{base}.tar.gz"
