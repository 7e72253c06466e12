"""Cloud fraction by degree from EarthCARE M-CM, for a period: a job for a platform or a cluster.

    python cloud_fraction.py OUTPUT --start 2025-03-01 --end 2025-03-31 --frames D,E

OUTPUT gets ``cloud_fraction.nc``, ``failures.csv``, ``log.csv`` and ``parts``: the same command
goes on from there. Exit status: 0 when all granules are in the result, 1 when some failed (it is
that of the others), 2 for wrong arguments or no granules, 3 when the token is missing or ended.
"""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
import pystac
import xarray as xr
from flox.xarray import xarray_reduce

import earthcare_tutorial as ect

NEEDS = ["latitude", "longitude", "cloud_mask", "cloud_mask_quality_status"]
CLOUDY = 2  # "probably cloudy", and all above
DONE, SOME_FAILED, NOTHING_TO_DO, NO_TOKEN = range(4)
log = logging.getLogger("cloud_fraction")


def cloud_by_degree(ds: xr.Dataset) -> xr.Dataset:
    """Count the pixels of a granule and the cloudy ones, by degree of latitude and longitude."""
    ds = ect.mask_quality(ect.trim_to_frame(ds))
    mask = ds["cloud_mask"]
    cloudy = (mask >= CLOUDY).where(mask.notnull()).astype("f8")
    edges = {"latitude": np.arange(-90, 91.0), "longitude": np.arange(-180, 181.0)}
    by = [ds[name] for name in edges]
    options = {"expected_groups": tuple(edges.values()), "isbin": True, "fill_value": 0}
    made = xr.Dataset(
        {
            "cloudy": xarray_reduce(cloudy, *by, func="nansum", **options),
            "pixels": xarray_reduce(cloudy, *by, func="count", **options),
        }
    )
    middles = {f"{name}_bins": each[:-1] + 0.5 for name, each in edges.items()}
    return made.assign_coords(middles).rename({f"{name}_bins": name for name in edges})


def read_arguments(words: list[str] | None) -> argparse.Namespace:
    """Read the command line; wrong words end the program with status 2."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", type=Path, help="folder of the results")
    parser.add_argument("--start", required=True, help="first day, such as 2025-03-01")
    parser.add_argument("--end", required=True, help="last day, itself included")
    parser.add_argument("--frames", default="", help="letters of frames, such as D,E; empty: all")
    parser.add_argument("--most", type=int, default=0, help="no more granules than this; 0: all")
    parser.add_argument("--requests", type=int, default=24, help="requests to the host at a time")
    parser.add_argument("--scheduler", default="", help="address of a dask scheduler; empty: none")
    return parser.parse_args(words)


def find(asked: argparse.Namespace) -> list[pystac.Item]:
    """Return the granules of the period."""
    frames = [each.strip() for each in asked.frames.split(",") if each.strip()]
    period = {"start_time": asked.start, "end_time": asked.end}
    return ect.search("M-CM", **period, frame_id=frames or None, max_items=asked.most or None)


def run(asked: argparse.Namespace) -> int:
    """Do the work; return the exit status."""
    asked.output.mkdir(parents=True, exist_ok=True)
    try:
        items = find(asked)
    except ValueError as error:
        log.error("%s", error)
        return NOTHING_TO_DO
    log.info("%d granules", len(items))
    if not items:
        log.error("No granules between %s and %s.", asked.start, asked.end)
        return NOTHING_TO_DO
    client = None
    if asked.scheduler:
        from distributed import Client

        client = Client(asked.scheduler)
    try:
        result, failed = reduce(items, asked, client)
    except (FileNotFoundError, PermissionError) as error:
        log.error("%s", error)
        return NO_TOKEN
    except OSError as error:  # a full disk, a cluster that is gone: the same command goes on
        log.error("%s", error)
        return SOME_FAILED
    finally:
        if client:
            client.close()
    if failed == len(items):
        log.error("No granule could be read: see failures.csv.")
        return SOME_FAILED
    result.to_netcdf(asked.output / "cloud_fraction.nc")
    log.info("%d granules in the result, %d failed", len(items) - failed, failed)
    return SOME_FAILED if failed else DONE


def reduce(
    items: list[pystac.Item], asked: argparse.Namespace, client: object
) -> tuple[xr.Dataset, int]:
    """Sum up all granules, one after another as they come; return how many failed, too."""
    run = ect.map_granules(
        cloud_by_degree,
        items,
        ect.login(),
        variables=NEEDS,
        store=asked.output / "parts",
        client=client,
        requests=asked.requests,
    )
    total, passes, names = None, 0, []
    for name, part in run:
        counts = part.drop_attrs()
        total = counts if total is None else total + counts  # whole numbers: in any order
        passes = passes + (part["pixels"] > 0).astype("i4")
        names.append(name)
        log.info("%s, %d of %d", name, len(names), len(items))
    run.failures.to_csv(asked.output / "failures.csv", index=False)
    run.log.to_csv(asked.output / "log.csv", index=False)
    for row in run.failures.itertuples():
        log.warning("%s: %s", row.granule_id, row.reason)
    if total is None:
        return xr.Dataset(), len(run.failures)
    return describe(total, passes, names, items[0]), len(run.failures)


def describe(
    total: xr.Dataset, passes: xr.DataArray, names: list[str], item: pystac.Item
) -> xr.Dataset:
    """Divide, and say in the words of the CF conventions what each number is."""
    made = total.assign(clt=total["cloudy"] / total["pixels"].where(total["pixels"] > 0))
    made["passes"] = passes
    made["clt"].attrs = {"standard_name": "cloud_area_fraction", "units": "1"}
    made["clt"].attrs["ancillary_variables"] = "pixels passes"
    told = {"cloudy": "cloudy pixels", "pixels": "pixels", "passes": "granules with pixels"}
    for name, long_name in told.items():
        made[name].attrs = {"long_name": long_name, "units": "1"}
    for name, unit in {"latitude": "degrees_north", "longitude": "degrees_east"}.items():
        made[name].attrs = {"standard_name": name, "units": unit}
    return made.assign_attrs(
        Conventions="CF-1.11",
        title="Cloud fraction by degree from EarthCARE M-CM",
        source="; ".join(sorted(names)),
        references=ect.data_doi(item),
        history=f"cloud_fraction.py, earthcare_tutorial {ect.__version__}",
    )


def main(words: list[str] | None = None) -> int:
    """Set the log up, and run."""
    asked = read_arguments(words)
    form = "%(asctime)s %(levelname)s %(message)s"
    logging.basicConfig(level=logging.INFO, format=form, stream=sys.stderr)
    return run(asked)


if __name__ == "__main__":
    sys.exit(main())
