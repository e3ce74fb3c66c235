"""Outboard: runs neural networks on the engines that you already have.

    import outboard
    model = outboard.compile("model.onnx")
    outputs = model.run({"x": array})
"""
from ._dlpack import from_dlpack, to_dlpack
from ._dtypes import NAMES as DTYPES
from ._errors import (Cancelled, DeadlineExceeded, EngineError, Error, InternalError, InvalidArgument, InvalidArtifact, InvalidModel,
                      IoError, NotFound, OutOfMemory, OutOfRange, Unsupported)
from ._function import CancelFlag, Function, Value
from ._library import LIB as _LIB
from ._model import Engine, Model, Operator, VerifyResult, compile, engines, load, operators
from ._ortvalue import IOBinding, OrtValue
from ._session import (ExecutionMode, ExecutionOrder, GraphOptimizationLevel, InferenceSession, ModelMetadata, NodeArg, RunOptions,
                       SessionOptions, disable_telemetry_events, enable_telemetry_events, get_all_providers, get_available_providers,
                       get_device, set_default_logger_severity, set_default_logger_verbosity, set_seed)

__version__ = _LIB.ob_version().decode()
