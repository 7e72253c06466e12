"""What a user of xarray does with the address of a granule: open it there."""

import os
from pathlib import Path

import requests
import xarray as xr

IAM = "https://iam.maap.eo.esa.int/realms/esa-maap/protocol/openid-connect/token"
SEARCH = "https://catalog.maap.eo.esa.int/catalogue/search"

lines = Path(os.environ["MAAP_CREDENTIALS_FILE"]).read_text().splitlines()
keys = dict(line.split("=", 1) for line in lines if "=" in line)
form = {
    "client_id": keys["CLIENT_ID"],
    "client_secret": keys["CLIENT_SECRET"],
    "grant_type": "refresh_token",
    "refresh_token": keys["OFFLINE_TOKEN"],
    "scope": "offline_access openid",
}
token = requests.post(IAM, data=form, timeout=30).json()["access_token"]

wanted = "productType = 'MSI_COP_2A' and orbitNumber = 4537 and frame = 'E' and version = 'BA'"
query = {"collections": "EarthCAREL2Validated_MAAP", "filter": wanted}
item = requests.get(SEARCH, params=query, timeout=30).json()["features"][0]
hrefs = [asset["href"] for asset in item["assets"].values()]
url = next(href for href in hrefs if href.endswith(".h5"))

ds = xr.open_dataset(
    url,
    engine="h5netcdf",
    group="ScienceData",
    storage_options={"headers": {"Authorization": f"Bearer {token}"}},
)
nadir = ds["cloud_top_height"].isel(across_track=266).load()
assert nadir.size > 10_000 and 0 <= float(nadir.min()) < float(nadir.max()) < 25_000
print("open a granule by storage_options:", dict(ds.sizes))
