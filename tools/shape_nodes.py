#!/usr/bin/env python3
"""Counts nodes that compute shapes: in a model's file, and those that Outboard leaves for run time. Prints a table.

    python tools/shape_nodes.py MODEL.onnx...        --outboard PATH: the command; --engines LIST; --json

A node computes shapes when it is Shape or Size, or when all that it reads comes from such nodes and from constants."""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

SOURCES = ("Shape", "Size")


def count(nodes, constants):
    """nodes: (operator, inputs, outputs) in order, bodies behind their node."""
    known, found = set(), 0
    for operator, inputs, outputs in nodes:
        reads = [i for i in inputs if i and i not in constants]
        if operator in SOURCES or (reads and all(i in known for i in reads)):
            known.update(outputs)
            found += 1
    return found


def of_file(path):
    import onnx

    nodes, constants = [], set()

    def walk(graph):
        constants.update(i.name for i in graph.initializer)
        for node in graph.node:
            if node.op_type == "Constant":
                constants.update(node.output)
                continue
            nodes.append((node.op_type, list(node.input), list(node.output)))
            for attribute in node.attribute:
                if attribute.type == onnx.AttributeProto.GRAPH:
                    walk(attribute.g)

    model = onnx.load(path, load_external_data=False)
    walk(model.graph)
    for function in model.functions:
        walk(type("Graph", (), {"initializer": [], "node": function.node}))
    return count(nodes, constants), len(nodes)


def left(path, command, engines):
    done = subprocess.run([command, "inspect", str(path), "--engines", engines, "--json"], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{path}: {done.stderr}")
    report = json.loads(done.stdout)
    nodes, inputs = report["nodes"], {i["name"] for i in report["inputs"]}
    made = {o["name"] for n in nodes for o in n["outputs"] if o}
    read = {i for n in nodes for i in n["inputs"] if i}
    whole = [n for n in nodes if all(o["type"].startswith(("int", "uint", "bool")) for o in n["outputs"] if o)]
    return count([(n["op"], n["inputs"], [o["name"] for o in n["outputs"] if o]) for n in whole], read - made - inputs), len(nodes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", type=pathlib.Path)
    parser.add_argument("--outboard", default=shutil.which("outboard") or "build/release/bin/outboard")
    parser.add_argument("--engines", default="onednn,cpu,ref")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows = []
    for path in arguments.models:
        before, nodes = of_file(path)
        after, nodes_after = left(path, arguments.outboard, arguments.engines)
        rows.append({"model": path.stem, "nodes": nodes, "shape_nodes": before, "nodes_left": nodes_after, "shape_nodes_left": after})
    if arguments.json:
        print(json.dumps(rows))
        return
    print(f"{'model':16} {'nodes':>6} {'computing shapes':>17} {'nodes left':>11} {'computing shapes':>17}")
    for r in rows:
        print(f"{r['model']:16} {r['nodes']:6} {r['shape_nodes']:17} {r['nodes_left']:11} {r['shape_nodes_left']:17}")


if __name__ == "__main__":
    sys.exit(main())
