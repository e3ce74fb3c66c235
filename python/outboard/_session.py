"""`outboard.InferenceSession`: the interface that programs know from onnxruntime, so that `import outboard as onnxruntime` runs them.

Everything runs on the CPU. Options that mean nothing here are accepted and kept, so that code that sets them goes on working."""
import enum
import os
import re

from . import _model
from ._errors import InvalidArgument
from ._function import CancelFlag
from ._ortvalue import IOBinding, OrtValue, ONNX_NAMES

CPU = "CPUExecutionProvider"


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


def get_available_providers():
    return [CPU]


get_all_providers = get_available_providers


def get_device():
    return "CPU"


def set_default_logger_severity(level):
    """Accepted; the library itself never prints."""


def set_default_logger_verbosity(level):
    """Accepted; the library itself never prints."""


def set_seed(seed):
    """Accepted; seeds are attributes of nodes here."""


def disable_telemetry_events():
    """There is no telemetry."""


def enable_telemetry_events():
    """There is no telemetry."""


class SessionOptions:
    """Of these, `intra_op_num_threads` and the free dimension overrides have an effect; config entry "outboard.engines" names engines."""

    def __init__(self):
        self.intra_op_num_threads = self.inter_op_num_threads = 0
        self.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_ALL
        self.execution_mode, self.execution_order = ExecutionMode.ORT_SEQUENTIAL, ExecutionOrder.DEFAULT
        self.enable_cpu_mem_arena = self.enable_mem_pattern = self.enable_mem_reuse = True
        self.enable_profiling = self.use_deterministic_compute = False
        self.log_severity_level, self.log_verbosity_level, self.logid = 2, 0, ""
        self.optimized_model_filepath = self.profile_file_prefix = ""
        self.dims, self.entries = {}, {}

    def add_free_dimension_override_by_name(self, name, size):
        self.dims[name] = size

    def add_session_config_entry(self, key, value):
        self.entries[key] = value

    def get_session_config_entry(self, key):
        if key not in self.entries:
            raise InvalidArgument(f"there is no session config entry '{key}'")
        return self.entries[key]

    def has_session_config_entry(self, key):
        return key in self.entries


class RunOptions:
    """Setting `terminate` stops the calls that use these options."""

    def __init__(self):
        self.flag = CancelFlag()
        self.log_severity_level, self.log_verbosity_level, self.logid = 2, 0, ""
        self.only_execute_path_to_fetches, self.training_mode = False, False
        self.entries = {}

    @property
    def terminate(self):
        return bool(self.flag.value.value)

    @terminate.setter
    def terminate(self, on):
        self.flag.set() if on else self.flag.clear()

    def add_run_config_entry(self, key, value):
        self.entries[key] = value

    def get_run_config_entry(self, key):
        return self.entries[key]


def _onnx_type(words):
    """"seq(float32[N])" as "seq(tensor(float))"."""
    return re.sub(r"(\w+)\[[^\]]*\]", lambda m: f"tensor({ONNX_NAMES.get(m.group(1), m.group(1))})", words).replace("map(string, ", "map(string,").replace(
        "map(int64, ", "map(int64,")


class NodeArg:
    """An input or output: `name`, `shape` (numbers, and texts where symbolic), `type` such as "tensor(float)"."""

    def __init__(self, value):
        self.name, self.type = value.name, _onnx_type(value.type)
        self.shape = [] if value.shape is None else list(value.shape)

    def __repr__(self):
        return f"NodeArg(name='{self.name}', type='{self.type}', shape={self.shape})"


class ModelMetadata:
    """What the model says of itself."""

    def __init__(self, model):
        self.producer_name, self.graph_name, self.custom_metadata_map = model.producer, model.name, model.metadata
        self.description = self.graph_description = self.domain = ""
        self.version = 0


class InferenceSession:
    """A model, from a path or bytes of an ONNX file or an artifact (.ob).

    sess_options: a SessionOptions. providers and provider_options are accepted: everything runs on the CPU.
    engines: names in order of preference, instead of $OUTBOARD_ENGINES or all that are installed."""

    def __init__(self, path_or_bytes, sess_options=None, providers=None, provider_options=None, *, engines=None, **ignored):
        options = sess_options or SessionOptions()
        engines = engines or options.entries.get("outboard.engines") or os.environ.get("OUTBOARD_ENGINES") or None
        if isinstance(path_or_bytes, (str, os.PathLike)) and not os.path.exists(path_or_bytes):
            raise FileNotFoundError(f"there is no model {os.fspath(path_or_bytes)!r}")
        self._model = _model.compile(path_or_bytes, engines=engines, dims=options.dims or None, threads=max(0, options.intra_op_num_threads))
        self._options = options
        self._names = [v.name for v in self._model.outputs]

    def get_inputs(self):
        return [NodeArg(v) for v in self._model.inputs]

    def get_outputs(self):
        return [NodeArg(v) for v in self._model.outputs]

    def get_overridable_initializers(self):
        return []

    def get_modelmeta(self):
        return ModelMetadata(self._model)

    def get_providers(self):
        return [CPU]

    def get_provider_options(self):
        return {CPU: {}}

    def set_providers(self, providers=None, provider_options=None):
        """Accepted: everything runs on the CPU."""

    def get_session_options(self):
        return self._options

    def disable_fallback(self):
        """Accepted: there is nothing to fall back from."""

    enable_fallback = disable_fallback

    def end_profiling(self):
        return ""

    def run(self, output_names, input_feed, run_options=None):
        """The outputs of these names, or all; input_feed: a dict by name."""
        outputs = self._model.run(input_feed, cancel=run_options.flag if run_options else None)
        return outputs if not output_names else [outputs[self._index(name)] for name in output_names]

    def run_with_ort_values(self, output_names, input_dict_ort_values, run_options=None):
        feed = {name: value.numpy() for name, value in input_dict_ort_values.items()}
        return [OrtValue(value) for value in self.run(output_names, feed, run_options)]

    def io_binding(self):
        return IOBinding(self)

    def run_with_iobinding(self, iobinding, run_options=None):
        """Runs on what is bound; outputs without a buffer get one, see IOBinding.get_outputs."""
        buffers = [iobinding.buffers.get(name) for name in self._names]
        outputs = self._model.run(iobinding.feed, out=buffers, cancel=run_options.flag if run_options else None)
        iobinding.results = {name: outputs[self._index(name)] for name in iobinding.buffers}

    def _index(self, name):
        if name not in self._names:
            raise InvalidArgument(f"there is no output '{name}', only {', '.join(self._names)}")
        return self._names.index(name)
