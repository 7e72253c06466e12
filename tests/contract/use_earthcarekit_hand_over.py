"""What the lesson hand_over.md gives to earthcarekit: from memory, and from the small files."""

import earthcarekit as eck
import numpy as np
from lesson_blocks import run
from PIL import Image

import earthcare_tutorial as ect

blocks = run("earthcarekit")
assert len(blocks) == 3, blocks
pictures = {}
for part in ("memory_curtain", "memory_swath", "memory_marked", "file_curtain", "file_swath"):
    with Image.open(f"from_{part}.png") as picture:
        pictures[part] = np.asarray(picture.convert("RGB"))
    assert len(np.unique(pictures[part].reshape(-1, 3), axis=0)) > 100, part
for form in ("curtain", "swath"):  # what came by a file looks as what came from memory
    assert np.array_equal(pictures[f"memory_{form}"], pictures[f"file_{form}"]), form
assert not np.array_equal(pictures["memory_swath"], pictures["memory_marked"])
print("figures from memory and from files:", *pictures)

(item,) = ect.search("ATL_EBD_2A", orbit_and_frame="04537E")
ours = ect.open_granule(item, ect.login(), ["time", "latitude"])
with eck.read_product(ect.h5_url(item)) as theirs:
    start = int(np.abs(ours["latitude"].values - float(theirs["latitude"][0])).argmin())
    late = theirs["time"].values[0] - ours["time"].values[start]
assert abs(late / np.timedelta64(1, "s") - 5) < 0.2, late  # as the page says
print("its own reader is late by", late / np.timedelta64(1, "s"), "s")
