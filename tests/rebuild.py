"""An ONNX model from graph JSON and constants, for given input shapes: lets other runtimes judge what the passes did."""
import json
import pathlib
import re

import numpy as np
import onnx
from onnx import TensorProto, helper

DTYPES = {"float32": np.float32, "float64": np.float64, "float16": np.float16, "int64": np.int64, "int32": np.int32, "int16": np.int16,
          "int8": np.int8, "uint8": np.uint8, "uint16": np.uint16, "uint32": np.uint32, "uint64": np.uint64, "bool": np.bool_}
ONNX_TYPES = {name: helper.np_dtype_to_tensor_dtype(np.dtype(t)) for name, t in DTYPES.items()}


def _exactdiv(a, b):
    assert a % b == 0
    return a // b


def _bcast(a, b):
    assert a == b or 1 in (a, b)
    return b if a == 1 else a


FUNCTIONS = {"min": min, "max": max, "ceildiv": lambda a, b: -(-a // b), "exactdiv": _exactdiv, "bcast": _bcast,
             "select": lambda c, a, b: a if c else b, "eq": lambda a, b: int(a == b), "ne": lambda a, b: int(a != b),
             "lt": lambda a, b: int(a < b), "le": lambda a, b: int(a <= b), "all_of": lambda *a: int(all(a)),
             "any_of": lambda *a: int(any(a)), "negate": lambda a: int(not a)}
WORDS = {"and": "all_of", "or": "any_of", "not": "negate"}


def number(entry, symbols):
    """The number that a JSON integer or expression stands for; None where a symbol is not known."""
    if isinstance(entry, int):
        return entry
    text = re.sub(r"\b(and|or|not)\(", lambda m: WORDS[m[1]] + "(", entry["expr"])
    names = sorted(symbols, key=len, reverse=True)
    for i, name in enumerate(names):
        text = re.sub(rf"(?<![\w.]){re.escape(name)}(?![\w.(])", f"_s{i}_", text)
    try:
        return eval(text, {"__builtins__": {}}, {**FUNCTIONS, **{f"_s{i}_": symbols[n] for i, n in enumerate(names)}})
    except NameError:
        return None


class Rebuilt:
    def __init__(self, directory, inputs):
        self.json = json.loads((pathlib.Path(directory) / "graph.json").read_text())
        data = (pathlib.Path(directory) / "constants").read_bytes()
        self.constants, at = [], 0
        for constant in self.json["constants"]:
            shape, dtype = constant["shape"], np.dtype(DTYPES[constant["dtype"]])
            size = int(np.prod(shape)) * dtype.itemsize
            self.constants.append(np.frombuffer(data[at:at + size], dtype).reshape(shape))
            at += size
        main = self.json["graphs"][self.json["main"]]
        names = [main["values"][i]["name"] for i in main["inputs"]]
        self.symbols = {}
        for symbol in self.json["symbols"]:
            source = symbol["source"]
            if isinstance(source, dict) and "axis" in source:
                self.symbols[symbol["name"]] = inputs[names[source["input"]]].shape[source["axis"]]
            elif isinstance(source, dict) and "element" in source:
                self.symbols[symbol["name"]] = int(inputs[names[source["input"]]].reshape(-1)[source["element"]])
        self.model = helper.make_model(self.graph(main, top=True), opset_imports=[helper.make_opsetid("", 24), helper.make_opsetid("com.microsoft", 1)],
                                       ir_version=10)

    def dims(self, type_):
        return [number(d, self.symbols) for d in type_.get("shape") or []]

    def graph(self, graph, top=False):
        values = graph["values"]
        made = {i for node in graph["nodes"] for i in node["outputs"] if i is not None} | set(graph["inputs"])
        initializers = []
        for i, value in enumerate(values):
            if "constant" in value:
                initializers.append(onnx.numpy_helper.from_array(self.constants[value["constant"]], value["name"]))
            elif i not in made:
                content = [number(e, self.symbols) for e in value["content"]]
                array = np.array(content, DTYPES[value["type"]["dtype"]]).reshape(self.dims(value["type"]))
                initializers.append(onnx.numpy_helper.from_array(array, value["name"]))
        nodes = [self.node(node, values) for node in graph["nodes"]]

        def info(i):
            type_ = values[i]["type"]
            shape = self.dims(type_) if type_.get("shape") is not None else None
            return helper.make_tensor_value_info(values[i]["name"], ONNX_TYPES[type_["dtype"]], shape)

        outputs = [info(i) for i in graph["outputs"]]
        return helper.make_graph(nodes, graph["name"] or "g", [info(i) for i in graph["inputs"]], outputs, initializers)

    def body(self, body, node, values):
        """A closed body gets its captures by Identity from the outer names; those of one graph do not clash with another's."""
        graph = self.json["graphs"][body["graph"]]
        prefix = f"{graph['name']}/{body['graph']}/"
        renamed = {**graph, "values": [{**v, "name": prefix + v["name"]} for v in graph["values"]]}
        inner = self.graph(renamed)
        captures = body.get("captures", [])
        formal = len(graph["inputs"]) - len(captures)
        nodes = [helper.make_node("Identity", [values[c]["name"]], [renamed["values"][i]["name"]])
                 for c, i in zip(captures, graph["inputs"][formal:])]
        del inner.input[formal:]
        rest = list(inner.node)
        del inner.node[:]
        inner.node.extend(nodes + rest)
        return inner

    def node(self, node, values):
        attributes = {}
        for name, attribute in node["attributes"].items():
            (kind, entries), = attribute.items()
            if kind in ("int", "ints"):
                entries = [number(e, self.symbols) for e in entries]
            elif kind == "tensor":
                entries = [onnx.numpy_helper.from_array(self.constants[entries])]
            attributes[name] = entries if kind.endswith("s") else entries[0]
        for name, body in node.get("bodies", {}).items():
            attributes[name] = self.body(body, node, values)
        names = lambda ids: ["" if i is None else values[i]["name"] for i in ids]
        return helper.make_node(node["op"], names(node["inputs"]), names(node["outputs"]), name=node["name"], domain=node["domain"],
                                **attributes)
