"""Outboard: runs neural networks on the engines that you already have.

    import outboard
    model = outboard.compile("model.onnx")
    outputs = model.run({"x": array})
"""
from ._dtypes import NAMES as DTYPES
from ._dlpack import from_dlpack
from ._errors import (Cancelled, DeadlineExceeded, EngineError, Error, InternalError, InvalidArgument, InvalidArtifact, InvalidModel,
                      IoError, NotFound, OutOfMemory, OutOfRange, Unsupported)
from ._function import CancelFlag, Function, Value
from ._library import LIB as _LIB
from ._model import Engine, Model, VerifyResult, compile, engines, load

__version__ = _LIB.ob_version().decode()
