"""The structs and functions of the binding are those of the headers: sizes, offsets and names are compared with the compiler's."""
import ctypes as C
import re
import subprocess

from outboard import _dtypes, _errors, _library
from support import ROOT

STRUCTS = {"TensorView": "ob_tensor_t", "StringView": "ob_string_t", "CompileOptions": "ob_compile_options_t", "Options": "ob_options_t",
           "RunOptions": "ob_run_options_t", "ValueInfo": "ob_value_info_t", "VerifyResult": "ob_verify_result_t",
           "EngineReport": "ob_engine_report_t", "OperatorReport": "ob_operator_report_t"}
HEADER = (ROOT / "include/outboard/outboard.h").read_text()


def test_structs(tmp_path):
    lines = []
    for name, c_name in STRUCTS.items():
        lines.append(f'printf("{name} %zu\\n", sizeof({c_name}));')
        for field, *_ in getattr(_library, name)._fields_:
            lines.append(f'printf("{name}.{field} %zu\\n", offsetof({c_name}, {field}));')
    (tmp_path / "a.c").write_text("#include <outboard/outboard.h>\n#include <stdio.h>\nint main(void) {" + "\n".join(lines) + "}\n")
    subprocess.run(["cc", f"-I{ROOT / 'include'}", tmp_path / "a.c", "-o", tmp_path / "a"], check=True)
    for line in subprocess.run([tmp_path / "a"], capture_output=True, text=True, check=True).stdout.splitlines():
        where, number = line.split()
        name, _, field = where.partition(".")
        struct = getattr(_library, name)
        assert (getattr(struct, field).offset if field else C.sizeof(struct)) == int(number), where


def test_functions():
    declared = set(re.findall(r"^OB_API[^;]*?\b(ob_\w+)\(", HEADER, re.M))
    assert set(_library._PROTOTYPES) <= declared
    # what Python has other means for
    assert declared - set(_library._PROTOTYPES) == {"ob_status_name", "ob_dtype_bytes"}


def test_statuses_and_element_types():
    types = (ROOT / "include/outboard/types.h").read_text()
    statuses = re.findall(r"^  (OB_[A-Z_]+)(?: = 0)?,?\s*(?:/\*.*)?$", re.search(r"enum ob_status \{(.*?)\}", types, re.S).group(1), re.M)
    names = ["OB_OK"] + ["OB_" + re.sub(r"(?<!^)(?=[A-Z])", "_", c.__name__).upper() for c in _errors.BY_STATUS[1:]]
    assert [s.replace("OB_INTERNAL", "OB_INTERNAL_ERROR") for s in statuses] == names
    for number, name in _dtypes.NAMES.items():
        assert _library.LIB.ob_dtype_name(number).decode() == name
    assert len(_dtypes.NAMES) == 29
