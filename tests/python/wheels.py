"""Runs a wheel that uses onnxruntime, unmodified, and prints what it finds as JSON: wheels.py NAME onnxruntime|outboard."""
import contextlib
import json
import sys
import types

import numpy as np


def magika(runtime):
    import magika
    tool = magika.Magika()
    texts = [b"#include <stdio.h>\nint main(void) { return puts(\"hello\"); }\n" * 4, b"def f(x):\n    return [i for i in range(x)]\n" * 8,
             b'{"name": "x", "values": [1, 2, 3], "nested": {"a": null}}\n' * 5, b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8]
    found = [tool.identify_bytes(text) for text in texts]
    return {"labels": [f.output.label for f in found], "scores": [float(f.score) for f in found]}


def rapidocr(runtime):
    import cv2
    from rapidocr_onnxruntime import RapidOCR
    image = np.full((160, 560, 3), 255, np.uint8)
    for row, text in enumerate(["Outboard 2026", "reads this line"]):
        cv2.putText(image, text, (20, 60 + 70 * row), cv2.FONT_HERSHEY_SIMPLEX, 1.6, (20, 20, 20), 3, cv2.LINE_AA)
    found, _ = RapidOCR(intra_op_num_threads=1)(image)
    return {"labels": [text for _, text, _ in found], "scores": [float(score) for _, _, score in found], "boxes": [box for box, _, _ in found]}


class Tensor(np.ndarray):
    """As much of torch.Tensor as silero-vad's ONNX path touches."""

    def float(self):
        return self.astype(np.float32)

    def numpy(self):
        return self.view(np.ndarray)

    def dim(self):
        return self.ndim

    def unsqueeze(self, axis):
        return np.expand_dims(self, axis)

    def cpu(self):
        return self


def torch_stub():
    """silero-vad needs torch, which weighs hundreds of megabytes, for little: zeros, cat, pad."""
    def zeros(*shape):
        return np.zeros(shape[0] if isinstance(shape[0], tuple) else shape, np.float32).view(Tensor)

    def pad(x, amounts, mode, value):
        return np.pad(x, [(0, 0)] * (x.ndim - 1) + [tuple(amounts)], constant_values=value).view(Tensor)

    def no_grad():
        return contextlib.ContextDecorator.__new__(type("NoGrad", (contextlib.ContextDecorator, contextlib.nullcontext), {}))

    torch = types.ModuleType("torch")
    torch.Tensor, torch.zeros, torch.no_grad = Tensor, zeros, no_grad
    torch.cat = lambda tensors, dim: np.concatenate(tensors, axis=dim).view(Tensor)
    torch.from_numpy = lambda array: array.view(Tensor)
    torch.device, torch.set_num_threads = str, lambda number: None
    torch.nn = types.SimpleNamespace(functional=types.SimpleNamespace(pad=pad))
    return torch


def speech():
    """Three seconds that sound a little like vowels between pauses."""
    t = np.arange(48000) / 16000
    voiced = (np.sin(2 * np.pi * 0.9 * t) > 0) * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * t))
    pitch = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 3 * t)) / 16000
    tone = sum(np.sin(k * pitch) / k * np.exp(-((k * 120 - f) / 250) ** 2) for k in range(1, 30) for f in (700, 1200, 2500))
    return (0.3 * voiced * tone + 0.002 * np.random.default_rng(1).standard_normal(t.size)).astype(np.float32)


def silero(runtime):
    sys.modules["torch"] = torch_stub()
    import silero_vad
    from silero_vad.sequence_vad import get_speech_timestamps_sequence
    audio = speech()
    model = silero_vad.load_silero_vad(onnx=True)
    sequence = silero_vad.load_silero_vad(sequence=True)
    spans = get_speech_timestamps_sequence(audio, sequence, threshold=0.3, min_speech_duration_ms=60)
    streamed = model.audio_forward(audio.view(Tensor), 16000).reshape(-1)
    return {"labels": [[s["start"], s["end"]] for s in spans], "scores": [float(p) for p in streamed],
            "sequence": [float(p) for p in sequence.audio_forward(audio)]}


def main(name, runtime):
    if runtime == "outboard":
        import outboard
        sys.modules["onnxruntime"] = outboard
    found = globals()[name](runtime)
    used = sys.modules["onnxruntime"]
    print(json.dumps({**found, "runtime": used.__name__}))


if __name__ == "__main__":
    main(*sys.argv[1:])
