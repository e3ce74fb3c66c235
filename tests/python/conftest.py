"""The package of this tree with the library of the build that is tested."""
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent / "python")]

from support import BUILD  # noqa: E402

os.environ["OUTBOARD_BUILD"] = str(BUILD)
