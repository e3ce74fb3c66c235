"""A second reader of artifacts, written from docs/artifact-format.md and docs/graph-json.md alone: plain Python and NumPy.

    from artifact_reader import Artifact
    artifact = Artifact(open("model.ob", "rb").read())
    artifact.graph["regions"], artifact.constant("conv1.weight")

`python tests/artifact_reader.py model.ob` prints what is in a file."""
import hashlib
import json
import struct
import sys

import numpy as np

SIZES = {"BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1, "I16": 2, "U16": 2, "F16": 2, "BF16": 2, "I32": 4, "U32": 4, "F32": 4, "F64": 8,
         "I64": 8, "U64": 8}
NATIVE = {"float32": "F32", "float64": "F64", "float16": "F16", "bfloat16": "BF16", "float8e4m3fn": "F8_E4M3", "float8e5m2": "F8_E5M2",
          "int8": "I8", "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64",
          "bool": "BOOL"}
# element types that NumPy does not have come as raw bytes or 16-bit integers
NUMPY = {"float32": "<f4", "float64": "<f8", "float16": "<f2", "bfloat16": "<u2", "int8": "i1", "int16": "<i2", "int32": "<i4", "int64": "<i8",
         "uint8": "u1", "uint16": "<u2", "uint32": "<u4", "uint64": "<u8", "bool": "?", "complex64": "<c8", "complex128": "<c16"}
BITS = {"int4": 4, "uint4": 4, "float4e2m1": 4, "int2": 2, "uint2": 2}
BYTES = {"float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz", "float8e8m0", "float6e2m3", "float6e3m2"}
MASK = 2**64 - 1


class BadArtifact(Exception):
    pass


def demand(condition, *words):
    if not condition:
        raise BadArtifact(" ".join(map(str, words)))


def unique(pairs):
    demand(len(dict(pairs)) == len(pairs), "a key is repeated")
    return dict(pairs)


def checksum(data):
    """The checksum of the format."""
    sums = [1, 2, 3, 4]
    blocks = data + bytes(32 - len(data) % 32)
    for at in range(0, len(blocks), 32):
        for i, word in enumerate(struct.unpack_from("<4Q", blocks, at)):
            s = ((sums[i] ^ word) * 0x9FB21C651E98DF25) & MASK
            sums[i] = s ^ s >> 35
    total = len(data)
    for s in sums:
        total = ((total ^ (s + 0x9E3779B97F4A7C15 + (total << 6) + (total >> 2)) & MASK) * 0xFF51AFD7ED558CCD) & MASK
    return total ^ total >> 31


class Tensor:
    def __init__(self, name, entry, section):
        demand(entry["dtype"] in SIZES, name, "has an unknown type")
        self.name, self.dtype, self.shape = name, entry["dtype"], entry["shape"]
        self.begin, self.end = entry["data_offsets"]
        sizes = [*self.shape, self.begin, self.end]
        demand(all(type(n) is int and n >= 0 for n in sizes), name, "has a size that is none")
        count = 1
        for n in self.shape:
            count *= n
        demand(self.begin <= self.end <= len(section), name, "lies outside of the file")
        demand(count * SIZES[self.dtype] == self.end - self.begin, name, "has a shape that does not fit its range")
        self.data = section[self.begin:self.end]


class Artifact:
    def __init__(self, file):
        demand(len(file) >= 8, "too short")
        length, = struct.unpack_from("<Q", file)
        demand(0 < length <= 104857600 and 8 + length <= len(file), "the header's length is wrong")
        demand((8 + length) % 64 == 0, "the data section is not aligned")
        header = json.loads(file[8:8 + length].decode("utf-8"), object_pairs_hook=unique)
        metadata = header.pop("__metadata__")
        demand(metadata["format"] == "outboard", "not an artifact")
        demand(metadata["version"].split(".")[0] == "1", "another major version")
        section = file[8 + length:]
        self.tensors = {name: Tensor(name, entry, section) for name, entry in header.items()}
        self.order = sorted(self.tensors.values(), key=lambda t: (t.begin, t.end))
        self._check_ranges(len(section))
        self._check_sums(metadata)
        graph = self.tensors["outboard.graph"].data
        demand(hashlib.sha256(graph).hexdigest() == metadata["graph_sha256"], "the graph's hash differs")
        self.graph = json.loads(graph.decode("utf-8"), object_pairs_hook=unique)
        demand(self.graph["format"] == "outboard" and self.graph["version"].split(".")[0] == "1", "another format of graph")
        self.constants = {c["name"]: c for c in self.graph["constants"]}
        self._check_graphs()
        self._check_owners()

    def _check_ranges(self, size):
        end = 0
        for t in self.order:
            demand(t.begin == end, t.name, "leaves a hole or overlaps")
            demand(t.begin % 64 == 0 or t.name.startswith("outboard.padding."), t.name, "is not aligned")
            demand(not t.name.startswith("outboard.padding.") or not any(t.data), t.name, "is padding, but not zero")
            end = t.end
        demand(end == size, "bytes are left over")

    def _check_sums(self, metadata):
        sums = metadata["checksums"]
        demand(len(sums) == 16 * len(self.order), "the number of checksums is wrong")
        for i, t in enumerate(self.order):
            demand(int(sums[16 * i:16 * i + 16], 16) == checksum(t.data), t.name, "is damaged")

    def _check_graphs(self):
        graphs, regions = self.graph["graphs"], self.graph["regions"]
        owners = [0] * len(graphs)
        owners[self.graph["main"]] += 1
        for region in regions:
            owners[region["graph"]] += 1
        calls = [0] * len(regions)
        for graph in graphs:
            values, made = graph["values"], set(graph["inputs"])
            made |= {i for i, v in enumerate(values) if "constant" in v or "content" in v}
            demand(len({v["name"] for v in values}) == len(values), "names of values are not unique")
            for node in graph["nodes"]:
                for value in node["inputs"]:
                    demand(value is None or value in made, node["name"], "reads a value before it is made")
                for body in node.get("bodies", {}).values():
                    owners[body["graph"]] += 1
                    demand(set(body["captures"]) <= made, node["name"], "captures a value before it is made")
                    demand(len(graphs[body["graph"]]["inputs"]) >= len(body["captures"]), node["name"], "captures more than its body takes")
                if "region" in node:
                    calls[node["region"]] += 1
                    body = graphs[regions[node["region"]]["graph"]]
                    demand(len(body["inputs"]) == len(node["inputs"]) and len(body["outputs"]) == len(node["outputs"]), node["name"], "does not fit its region")
                made |= {v for v in node["outputs"] if v is not None}
            demand(set(graph["outputs"]) <= made, graph["name"], "has an output that nothing makes")
        demand(all(n == 1 for n in owners), "a graph does not have one owner")
        demand(all(n == 1 for n in calls), "a region is not called once")

    def _check_owners(self):
        used = ["outboard.graph"] + [c["tensor"] for c in self.graph["constants"] if "tensor" in c]
        for region in self.graph["regions"]:
            used += [p["tensor"] for p in region["packed"]] + ([region["blob"]] if "blob" in region else [])
        demand(len(set(used)) == len(used), "a tensor has two owners")
        demand(set(used) <= set(self.tensors), "a tensor is missing")
        demand(not any(name.startswith("outboard.padding.") for name in used), "padding is used")

    def constant(self, name):
        """Elements of a constant: an array; of strings: bytes objects; of types that NumPy does not have: raw bits."""
        entry = self.constants[name]
        if "tensor" not in entry:
            return self.unpacked(name)
        tensor, dtype = self.tensors[entry["tensor"]], entry["dtype"]
        demand(tensor.dtype == NATIVE.get(dtype, "U8"), name, "is stored as another type")
        demand(dtype not in NATIVE or tensor.shape == entry["shape"], name, "is stored with another shape")
        return elements(tensor.data, dtype, entry["shape"])

    def unpacked(self, name):
        """A constant that is kept in a blocked layout only, put back into row-major order."""
        number = [c["name"] for c in self.graph["constants"]].index(name)
        entry = self.graph["constants"][number]
        for region in self.graph["regions"]:
            for packed in region["packed"]:
                if packed.get("constant") == number:
                    data = self.tensors[packed["tensor"]].data
                    flat = elements(data, entry["dtype"], [-1])
                    return flat[offsets(entry["shape"], packed["layout"])]
        raise BadArtifact(f"{name} has no payload")


def elements(data, dtype, shape):
    if dtype == "string":
        count = int(np.prod(shape, dtype=np.int64))
        ends = np.frombuffer(data, "<u8", count + 1).astype(int)
        text = data[8 * (count + 1):]
        demand(ends[0] == 0 and (np.diff(ends) >= 0).all() and ends[-1] == len(text), "strings are malformed")
        array = np.empty(count, object)
        array[:] = [text[a:b] for a, b in zip(ends[:-1], ends[1:])]
        return array.reshape(shape)
    if dtype in BITS:
        bits, count = BITS[dtype], int(np.prod(shape, dtype=np.int64))
        raw = np.frombuffer(data, np.uint8)
        demand(len(raw) == -(-count * bits // 8), "a packed tensor has another size")
        flat = ((raw[:, None] >> np.arange(0, 8, bits, dtype=np.uint8)) & (2**bits - 1)).reshape(-1)[:count].astype(np.int8)
        if dtype.startswith("int"):
            flat = np.where(flat >= 2**(bits - 1), flat - 2**bits, flat).astype(np.int8)
        return flat.reshape(shape)
    return np.frombuffer(data, np.uint8 if dtype in BYTES else NUMPY[dtype]).reshape(shape)


def offsets(shape, layout):
    """Where each element lies in a blocked layout, in elements."""
    inner, stride = [1] * len(shape), 1
    coordinates = np.indices(shape)
    at = np.zeros(shape, np.int64)
    for dim, size in reversed(layout["blocks"]):
        at += (coordinates[dim] // inner[dim] % size) * stride
        inner[dim] *= size
        stride *= size
    for dim in reversed(layout["order"]):
        at += (coordinates[dim] // inner[dim]) * stride
        stride *= -(-shape[dim] // inner[dim])
    return at


def main():
    with open(sys.argv[1], "rb") as file:
        artifact = Artifact(file.read())
    graph = artifact.graph
    print(f"made by {graph['producer']!r}; {len(graph['constants'])} constants, {len(graph['graphs'])} graphs, symbols",
          ", ".join(s["name"] for s in graph["symbols"]) or "none")
    for region in graph["regions"]:
        body = graph["graphs"][region["graph"]]
        print(f"  {region['symbol']}: {len(body['nodes'])} nodes on {region['engine']}, {len(region['packed'])} packed forms")


if __name__ == "__main__":
    main()
