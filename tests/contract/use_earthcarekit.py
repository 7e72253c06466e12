"""What a user of earthcarekit does: search, download, read, stream, draw. Nothing here is ours."""

from pathlib import Path

import earthcarekit as eck
import matplotlib

matplotlib.use("Agg")


def search(**what: object) -> object:
    return eck.ecdownload(is_download=False, return_results=True, verbose=False, **what)


frame = {"file_type": "MCOP", "orbit_and_frame": "04537E", "baseline": "latest"}
found = search(**frame)
name = found["filename"].iloc[0]
url = found["url_download_h5"].iloc[0]
assert len(found) == 1 and found["orbit_and_frame"].iloc[0] == "04537E", found
print("search by orbit and frame:", name)

noon = {"file_type": "MCOP", "start_time": "2025-03-16T12:00", "end_time": "2025-03-16T14:00"}
day = search(**noon)
# South, west, north, east. Without a time earthcarekit makes no request at all for a box.
box = search(**noon, bounding_box=(-10, 5, 10, 15))
assert set(box["orbit_and_frame"]) == {"04537E"} < set(day["orbit_and_frame"])
print("search by time:", len(day), "and by box:", len(box))

eck.ecdownload(**frame, verbose=False)
files = sorted(Path.home().rglob("*.h5"))
assert [file.stem for file in files] == [name], files
with eck.read_product(str(files[0])) as ds:
    shape = ds["cloud_water_path"].shape
    eck.SwathFigure().ecplot(ds, "cloud_top_height").save("swath.png")
print("download as ZIP, read:", dict(ds.sizes))
picture = Path("images/swath.png").stat().st_size
assert picture > 20_000
print("quicklook figure from the file: images/swath.png")

with eck.read_product(url) as ds:
    part = ds["cloud_water_path"].isel(along_track=slice(0, 100)).load()
assert ds["cloud_water_path"].shape == shape
print("stream by URL:", part.shape)
