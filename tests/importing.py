"""For tests of the importer: runs build/.../tests/import_tool and says what came of it."""
import dataclasses
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = pathlib.Path(os.environ.get("OB_BUILD", ROOT / "build" / "check"))
TOOL = BUILD / "tests" / "import_tool"


@dataclasses.dataclass
class Imported:
    ok: bool
    status: str  # "invalid model"
    message: str
    peak: int  # bytes of memory at one time
    largest: int  # bytes of one allocation
    text: str

    def constants(self):
        """name -> (dtype, dims, hex of the first 64 bytes or text of strings)"""
        found = {}
        for line in self.text.splitlines():
            match = re.match(r"constant (\S+) (\S+)(?: ([\d,]+))? :(?: (.*))?$", line)
            if match:
                name, dtype, dims, data = match.groups()
                found[name] = (dtype, tuple(int(d) for d in dims.split(",")) if dims else (), data or "")
        return found


def run_import(model, *options, timeout=60):
    """`model`: a path. The tool must come back by itself: no crash, no hang, nothing left behind."""
    done = subprocess.run([str(TOOL), *map(str, options), str(model)], capture_output=True, timeout=timeout)
    text = done.stdout.decode("utf-8", "replace")
    assert done.returncode in (0, 1), f"exit {done.returncode}\n{text}\n{done.stderr.decode('utf-8', 'replace')[-4000:]}"
    memory = re.search(r"memory: peak (\d+) largest (\d+) left 0", text)
    first = text.splitlines()[0] if text else ""
    status, _, message = first.partition(": ")
    return Imported(done.returncode == 0, status, message, int(memory[1]) if memory else 0, int(memory[2]) if memory else 0, text)


def import_bytes(data, tmp_path, *options, name="model.onnx"):
    """Writes a model (bytes or ModelProto) into a folder of its own and imports it."""
    path = pathlib.Path(tmp_path) / name
    path.write_bytes(data if isinstance(data, bytes) else data.SerializeToString())
    return run_import(path, *options)
