#!/usr/bin/env python3
"""Takes the model and a table of its labels out of the wheel of the package magika: magika_labels.py WHEEL OUT_DIR.

Writes OUT_DIR/magika.onnx and OUT_DIR/labels.txt: a line a class with its label, the label to report, the score that it takes, and
"text" or "binary". Needs nothing but Python."""
import hashlib
import json
import pathlib
import sys
import zipfile

MODEL = "magika/models/standard_v3_3/"
SHA256 = "fe2d2eb49c5f88a9e0a6c048e15d6ffdf86235519c2afc535044de433169ec8c"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(sys.argv[1]) as wheel:
        model = wheel.read(MODEL + "model.onnx")
        config = json.loads(wheel.read(MODEL + "config.min.json"))
        kinds = json.loads(wheel.read("magika/config/content_types_kb.min.json"))
    if hashlib.sha256(model).hexdigest() != SHA256:
        sys.exit("the model in the wheel is not the one of magika 1.0.3")
    (out / "magika.onnx").write_bytes(model)
    with open(out / "labels.txt", "w") as file:
        for label in config["target_labels_space"]:
            output = config["overwrite_map"].get(label, label)
            threshold = config["thresholds"].get(label, config["medium_confidence_threshold"])
            print(label, output, threshold, "text" if kinds[output]["is_text"] else "binary", file=file)


if __name__ == "__main__":
    main()
