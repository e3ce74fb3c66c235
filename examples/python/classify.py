"""Classifies an image with any ImageNet-like model: classify.py MODEL IMAGE.npy

IMAGE.npy is what the model wants: float32, scaled and cut as it was trained. Prints the five likeliest classes."""
import sys

import numpy as np

import outboard


def main(path, image):
    model = outboard.load(path)  # .ob or .onnx
    scores = model(np.load(image))[0].ravel()
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    for index in np.argsort(chances)[:-6:-1]:
        print(f"class {index:4}  {100 * chances[index]:5.1f} %")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
