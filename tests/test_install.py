"""The installed tree: a small program builds against it with pkg-config and with CMake's find_package, and finds the engines."""
import os
import subprocess

import pytest

from support import BUILD

PROGRAM = r"""
#include <outboard/outboard.h>
#include <stdio.h>
static void print(void *user, const ob_engine_report_t *engine) { (void)user; printf("%s\n", engine->name); }
int main(void) { printf("%s\n", ob_version()); return ob_engines_list(NULL, print, NULL) == OB_OK ? 0 : 1; }
"""
LISTS = """
cmake_minimum_required(VERSION 3.22)
project(user C)
find_package(outboard 0.1 REQUIRED)
add_executable(user user.c)
target_link_libraries(user PRIVATE outboard::outboard)
"""


def run(*words, **options):
    done = subprocess.run([str(w) for w in words], capture_output=True, text=True, **options)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prefix")
    run("cmake", "--install", BUILD, "--prefix", folder)
    return folder


def environment():
    return {k: v for k, v in os.environ.items() if k != "OUTBOARD_ENGINE_PATH"}


def library_folder(prefix):
    return next(prefix.rglob("liboutboard.so")).parent


def check(program, prefix):
    lines = run(program, env={**environment(), "LD_LIBRARY_PATH": str(library_folder(prefix))}).split()
    assert lines[0] == "0.1.0"
    assert {"ref", "cpu"} <= set(lines[1:])


def test_pkg_config(prefix, tmp_path):
    (tmp_path / "user.c").write_text(PROGRAM)
    env = {**environment(), "PKG_CONFIG_PATH": str(library_folder(prefix) / "pkgconfig")}
    flags = run("pkg-config", "--cflags", "--libs", "outboard", env=env).split()
    run("cc", "-std=c11", "-Wall", "-Werror", tmp_path / "user.c", "-o", tmp_path / "user", *flags)
    check(tmp_path / "user", prefix)


def test_cmake_package(prefix, tmp_path):
    (tmp_path / "user.c").write_text(PROGRAM)
    (tmp_path / "CMakeLists.txt").write_text(LISTS)
    run("cmake", "-S", tmp_path, "-B", tmp_path / "build", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", tmp_path / "build")
    check(tmp_path / "build" / "user", prefix)


def test_installed_command(prefix):
    command = prefix / "bin" / "outboard"
    assert run(command, "--version", env=environment()).startswith("outboard 0.1")
    engines = run(command, "engines", env=environment())
    assert "ref" in engines and "cpu" in engines
    assert list(prefix.rglob("man1/outboard.1"))


def test_headers_stand_alone(prefix, tmp_path):
    """Each public header compiles by itself, as C and as C++."""
    for header in sorted((prefix / "include" / "outboard").glob("*.h")):
        for language, compiler in (("c", "cc"), ("c++", "c++")):
            source = tmp_path / f"{header.stem}.{'c' if language == 'c' else 'cc'}"
            source.write_text(f"#include <outboard/{header.name}>\n")
            run(compiler, "-x", language, "-fsyntax-only", "-Wall", "-Werror", f"-I{prefix / 'include'}", source)
