"""What the lesson hand_over.md does with satpy: a swath from a small file on a map grid."""

import numpy as np
from lesson_blocks import run
from PIL import Image

blocks = run("satpy")
assert len(blocks) == 1, blocks
with Image.open("from_satpy.png") as picture:
    grey = np.asarray(picture.convert("L"))
assert min(grey.shape) > 100, grey.shape
assert len(np.unique(grey)) > 50, "the storms have many heights"
print("on a map grid:", grey.shape)
