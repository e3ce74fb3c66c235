"""ImageDecoder: forms that are read here, in all their variants; broken files of every form give an empty matrix."""
import struct
import warnings

import numpy as np
import onnx
import pytest
from library import BUILD, Model
from onnx import TensorProto, helper

RNG = np.random.default_rng(11)


def decoder(pixel_format="RGB"):
    graph = helper.make_graph([helper.make_node("ImageDecoder", ["x"], ["y"], pixel_format=pixel_format)], "g",
                              [helper.make_tensor_value_info("x", TensorProto.UINT8, ["n"])], [onnx.ValueInfoProto(name="y")])
    return Model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10).SerializeToString())


@pytest.fixture(scope="module")
def rgb():
    with decoder() as model:
        yield lambda data: model.run({"x": np.frombuffer(bytes(data), np.uint8)})[0]


PICTURE = RNG.integers(0, 256, (5, 7, 3), dtype=np.uint8)


def bmp(rows, bits, palette=b"", height=None, header=40, compression=0, masks=b""):
    start = 14 + header + len(masks) + len(palette)
    head = b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start)
    info = struct.pack("<IiiHHIIiiII", header, PICTURE.shape[1], height or PICTURE.shape[0], 1, bits, compression, len(rows), 0, 0, 0, 0)
    return head + info + masks + palette + rows


def padded(rows):
    return b"".join(r + b"\0" * (-len(r) % 4) for r in rows)


def test_bmp(rgb):
    bgr = PICTURE[:, :, ::-1]
    assert (rgb(bmp(padded([r.tobytes() for r in bgr[::-1]]), 24)) == PICTURE).all()
    assert (rgb(bmp(padded([r.tobytes() for r in bgr]), 24, height=-5)) == PICTURE).all()
    four = np.dstack([bgr, np.zeros((5, 7, 1), np.uint8)])
    assert (rgb(bmp(four[::-1].tobytes(), 32)) == PICTURE).all()
    masks = struct.pack("<III", 0xFF000000, 0xFF0000, 0xFF00)
    swapped = np.dstack([np.zeros((5, 7, 1), np.uint8), bgr])
    assert (rgb(bmp(swapped[::-1].tobytes(), 32, compression=3, masks=masks)) == PICTURE).all()
    five = np.array([[0x7C00, 0x03E0, 0x001F, 0, 0x7FFF, 1, 2]] * 5, "<u2")
    found = rgb(bmp(padded([r.tobytes() for r in five]), 16))
    assert found[0, :5].tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255], [0, 0, 0], [255, 255, 255]]


@pytest.mark.parametrize("bits", [1, 4, 8])
def test_bmp_with_palettes(rgb, bits):
    colours = RNG.integers(0, 256, (1 << bits, 4), dtype=np.uint8)
    index = RNG.integers(0, 1 << bits, (5, 7))
    flat = [np.packbits(np.unpackbits(r.astype(np.uint8)[:, None], axis=1)[:, 8 - bits:].ravel()).tobytes() for r in index[::-1]]
    found = rgb(bmp(padded(flat), bits, palette=colours.tobytes()))
    assert (found == colours[index][:, :, 2::-1]).all()


def test_pnm(rgb):
    grey = PICTURE[:, :, 0]
    repeated = np.repeat(grey[:, :, None], 3, 2)
    assert (rgb(b"P6 # words\n7 5\n255\n" + PICTURE.tobytes()) == PICTURE).all()
    assert (rgb(b"P5\n7 5 255\n" + grey.tobytes()) == repeated).all()
    assert (rgb(b"P3\n7 5 255\n" + " ".join(map(str, PICTURE.ravel())).encode()) == PICTURE).all()
    assert (rgb(b"P2\n7 5 255\n" + " ".join(map(str, grey.ravel())).encode()) == repeated).all()
    deep = (PICTURE.astype(">u2") * 257).tobytes()
    assert (rgb(b"P6\n7 5\n65535\n" + deep) == PICTURE).all()
    bits = RNG.integers(0, 2, (5, 7), dtype=np.uint8)
    black = np.repeat((1 - bits)[:, :, None] * 255, 3, 2)
    assert (rgb(b"P1 7 5\n" + "".join(map(str, bits.ravel())).encode()) == black).all()
    assert (rgb(b"P4 7 5\n" + np.packbits(bits, axis=1).tobytes()) == black).all()


def test_other_orders_of_channels():
    for name, expected in (("BGR", PICTURE[:, :, ::-1]), ("Grayscale", (PICTURE.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32) + 32768 >> 16)[..., None])):
        with decoder(name) as model:
            assert (model.run({"x": np.frombuffer(b"P6 7 5 255\n" + PICTURE.tobytes(), np.uint8)})[0] == expected).all()


def files():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import onnx.backend.test  # noqa: F401
        from onnx.backend.test.case.node import collect_testcases
        return {c.name: np.asarray(c.data_sets[0][0][0]).tobytes() for c in collect_testcases(None) if "image_decoder" in c.name and "rgb" in c.name and "decode" in c.name}


def test_files_cut_short_and_changed_do_no_harm(rgb):
    found = files()
    assert len(found) >= 7
    for data in found.values():
        for cut in [0, 1, 2, 3, 11, 12, 25, 26, *range(30, len(data), max(1, len(data) // 12))]:
            image = rgb(data[:cut])
            assert image.ndim == 3 and image.shape[2] == 3
        for _ in range(12):
            changed = bytearray(data)
            for at in RNG.integers(0, min(len(data), 200), 3):
                changed[at] = RNG.integers(0, 256)
            rgb(changed)


def test_what_is_no_image_gives_an_empty_matrix(rgb):
    for data in (b"", b"hello", b"BM", b"P6 70000000 50000000 255\n", b"P6 0 5 255\n", b"P6 7 5 70000\n", bmp(b"", 24, compression=1), b"\x89PNG\r\n\x1a\n"):
        assert rgb(data).shape == (0, 0, 3)


def test_without_the_part_the_reason_is_given(tmp_path):
    """Everything else works when ob_part_image.so is not there."""
    import os
    import shutil
    import subprocess
    folder = tmp_path / "engines"
    folder.mkdir()
    shutil.copy(BUILD / "lib" / "outboard" / "ob_engine_ref.so", folder)
    graph = helper.make_graph([helper.make_node("ImageDecoder", ["x"], ["y"])], "g", [helper.make_tensor_value_info("x", TensorProto.UINT8, ["n"])],
                              [onnx.ValueInfoProto(name="y")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), tmp_path / "m.onnx")
    done = subprocess.run([BUILD / "bin" / "outboard", "inspect", tmp_path / "m.onnx", "--engines", "ref"], capture_output=True, text=True,
                          env={**os.environ, "OUTBOARD_ENGINE_PATH": str(folder)})
    assert done.returncode == 1 and "ob_part_image.so" in done.stderr, done.stderr
