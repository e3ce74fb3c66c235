"""Outboard as a backend of onnx (onnx.backend.base): prepare, run_model, run_node, supports_device.

    import outboard.backend
    outboard.backend.run_model(model, [x])
"""
import os

import onnx
from onnx import helper
from onnx.backend.base import Backend, BackendRep, Device, DeviceType, namedtupledict

from . import Error, compile
from ._values import as_array


class Prepared(BackendRep):
    """A model that is ready to run."""

    def __init__(self, model):
        self.model = model
        self._tuple = namedtupledict("Outputs", [v.name for v in model.outputs])

    def run(self, inputs, **kwargs):
        """inputs: a list in order, a dict by name, or the value of a single input. Returns a tuple, with the outputs' names as fields."""
        if not isinstance(inputs, (list, tuple, dict)):
            inputs = [inputs]
        return self._tuple(*self.model.run(inputs, **kwargs))


class OutboardBackend(Backend):
    """Engines come from the keyword `engines` or from $OUTBOARD_ENGINES, else all that are installed are used."""

    @classmethod
    def prepare(cls, model, device="CPU", *, engines=None, threads=0, check_model=True, **options):
        if not cls.supports_device(device):
            raise Error(f"device {device!r} is not supported, only CPU is")
        if check_model:
            super().prepare(model, device)
        return Prepared(compile(model, engines=engines or os.environ.get("OUTBOARD_ENGINES") or None, threads=threads, **options))

    @classmethod
    def run_model(cls, model, inputs, device="CPU", **options):
        return cls.prepare(model, device, **options).run(inputs)

    @classmethod
    def run_node(cls, node, inputs, device="CPU", outputs_info=None, **options):
        """One operator on the given inputs; `opset_version` names the opset of its domain, the newest when absent."""
        inputs = [as_array(value) for value in inputs]
        opsets = [helper.make_opsetid(node.domain, options.pop("opset_version", _newest(node.domain)))]
        if node.domain:
            opsets.append(helper.make_opsetid("", _newest("")))
        names = [name for name in node.input if name]
        feeds = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape) for n, v in zip(names, inputs)]
        outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
        graph = helper.make_graph([node], "node", feeds, outputs)
        model = helper.make_model(graph, opset_imports=opsets)
        return cls.run_model(model, inputs, device, check_model=False, **options)

    @classmethod
    def supports_device(cls, device):
        try:
            return Device(device).type == DeviceType.CPU
        except AttributeError:
            return False


def _newest(domain):
    versions = [schema.since_version for schema in onnx.defs.get_all_schemas() if schema.domain == domain]
    return onnx.defs.onnx_opset_version() if domain == "" else max(versions, default=1)


is_compatible = OutboardBackend.is_compatible
prepare = OutboardBackend.prepare
run_model = OutboardBackend.run_model
run_node = OutboardBackend.run_node
supports_device = OutboardBackend.supports_device
