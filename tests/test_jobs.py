"""The job, as each platform starts it: in its layout of folders, on the replay, without Docker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import pandas as pd
import pytest
import xarray as xr
import yaml

from tests.earthcare_tutorial.conftest import made_item, write_granule

if TYPE_CHECKING:
    from maap_replay.pytest_plugin import EsaMaap

ROOT = Path(__file__).parent.parent
JOBS = ROOT / "jobs"
CWL = JOBS / "nasa_dps" / "cloud_fraction.cwl"
DAY = ("2025-10-13", "2025-10-13")
LINES = 60


@pytest.fixture
def maap(esa_maap: EsaMaap, tmp_path: Path) -> EsaMaap:
    """Serve three cloud masks of one day: half of each is cloudy, and some is judged as poor."""
    made = [made_item(orbit=f"{7820 + n:05d}E", kind="MSI_CM__2A") for n in range(3)]
    esa_maap.serve(made)
    path = tmp_path / "cm.h5"
    write_granule(path, lines=LINES)
    with h5py.File(path, "a") as h5:
        science = h5["ScienceData"]
        for name, value in {"cloud_mask": 3, "cloud_mask_quality_status": 16}.items():
            values = science["quality_status"][:] * 0 + value
            if name == "cloud_mask":
                values[:, ::2] = 0
            else:
                values[:10] = 2
            data = science.create_dataset(name, data=values)
            for axis, dim in enumerate(("along_track", "across_track")):
                data.dims[axis].attach_scale(science[dim])
    for each in made:
        esa_maap.put(each["assets"]["enclosure_h5"]["href"], path.read_bytes())
    return esa_maap


def start(folder: Path, *command: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a platform's command in its folder, as there: nothing of ours is in the environment."""
    return subprocess.run(
        [*map(str, command)],
        cwd=folder,
        env=os.environ | {"JOB_PYTHON": sys.executable} | environment,
        capture_output=True,
        text=True,
    )


def check(output: Path, granules: int) -> None:
    """Look at what a job left behind."""
    with xr.open_dataset(output / "cloud_fraction.nc") as ds:
        assert ds.attrs["Conventions"] == "CF-1.11"
        assert len(ds.attrs["source"].split("; ")) == granules
        # Columns without coordinates and lines judged as poor are in no cell.
        assert int(ds["pixels"].sum()) == granules * (LINES - 10) * 357
        assert float(ds["cloudy"].sum() / ds["pixels"].sum()) == pytest.approx(0.5, abs=0.01)
        assert int(ds["passes"].max()) == granules
    assert len(list((output / "parts").glob("*.zarr"))) == granules


def test_as_an_algorithm_of_nasa_maap(maap: EsaMaap, tmp_path: Path) -> None:
    """The arguments come in the order of `algorithm.yml`, the results lie in ./output."""
    algorithm: dict[str, Any] = yaml.safe_load((JOBS / "nasa_dps/algorithm.yml").read_text())
    for each in (algorithm["run_command"], algorithm["build_command"]):
        assert os.access(ROOT / each, os.X_OK)
    assert [each["name"] for each in algorithm["inputs"]] == ["start", "end", "frames", "most"]
    given = {"start": DAY[0], "end": DAY[1]}
    words = [given.get(each["name"], each["default"]) for each in algorithm["inputs"]]
    done = start(tmp_path, ROOT / algorithm["run_command"], *words)
    assert done.returncode == 0, done.stderr
    check(tmp_path / "output", 3)
    again = start(tmp_path, ROOT / algorithm["run_command"], *words)
    assert again.returncode == 0, again.stderr
    assert pd.read_csv(tmp_path / "output" / "log.csv").empty, "nothing was streamed anew"
    assert start(tmp_path, ROOT / algorithm["run_command"]).returncode == 2


def test_the_ogc_package_is_the_same_algorithm() -> None:
    algorithm = yaml.safe_load((JOBS / "nasa_dps/algorithm.yml").read_text())
    package = yaml.safe_load(CWL.read_text())
    workflow, tool = package["$graph"]
    assert (package["cwlVersion"], workflow["class"], tool["class"]) == (
        "v1.2",
        "Workflow",
        "CommandLineTool",
    )
    assert tool["requirements"]["NetworkAccess"]["networkAccess"]
    assert tool["baseCommand"][0].endswith(algorithm["run_command"])
    names = [each["name"] for each in algorithm["inputs"]]
    assert list(workflow["inputs"]) == names
    order = {name: each["inputBinding"]["position"] for name, each in tool["inputs"].items()}
    assert sorted(order, key=order.__getitem__) == names


@pytest.mark.rare
@pytest.mark.skipif("MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`")
def test_cwltool_takes_the_package() -> None:
    uv = Path(sys.executable).with_name("uv")
    command = [uv, "tool", "run", "--from", "cwltool>=3.1", "cwltool", "--validate", CWL]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def pal(tmp_path: Path) -> Path:
    """Lay out the folders of a processor, with what the Dockerfile copies there."""
    home = tmp_path / "worker"
    for name in ("workDir/inDir", "workDir/outDir", "procDir"):
        (home / name).mkdir(parents=True)
    for copied in re.findall(r"jobs/\S+\.(?:py|sh)", (JOBS / "esa_pal/Dockerfile").read_text()):
        shutil.copy(ROOT / copied, home / "procDir")
    return home


def test_as_a_processor_of_esa_pal(maap: EsaMaap, pal: Path) -> None:
    parameters = f"start={DAY[0]}\nend={DAY[1]}\nframes=E\nmost=2\n"
    (pal / "workDir" / "job-1-WPS-INPUT.properties").write_text(parameters)
    done = start(pal / "workDir", pal / "procDir/entrypoint.sh", WORKER_HOME=str(pal))
    assert done.returncode == 0, done.stderr
    check(pal / "workDir" / "outDir", 2)


@pytest.mark.parametrize(
    ("parameters", "sentence"),
    [(None, "There are 0 files .*not one"), ("start=2025-10-13\n", "has no end=")],
)
def test_parameters_that_are_missing_are_told(
    pal: Path, parameters: str | None, sentence: str
) -> None:
    if parameters:
        (pal / "workDir" / "x-WPS-INPUT.properties").write_text(parameters)
    done = start(pal / "workDir", pal / "procDir/entrypoint.sh", WORKER_HOME=str(pal))
    assert done.returncode == 2
    assert re.search(sentence, done.stderr)


def test_a_job_tells_by_its_status_what_went_wrong(maap: EsaMaap, tmp_path: Path) -> None:
    def job(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, JOBS / "cloud_fraction.py", "out", *words]
        return start(tmp_path, *command, **environment)

    period = ("--start", DAY[0], "--end", DAY[1])
    assert job().returncode == 2
    none = job("--start", "2024-01-01", "--end", "2024-01-02")
    assert none.returncode == 2
    assert "No granules" in none.stderr
    wrong = job("--start", "yesterday", "--end", DAY[1])
    assert wrong.returncode == 2
    assert "yesterday" in wrong.stderr
    maap.fail("offline token ended")
    ended = job(*period)
    assert ended.returncode == 3, ended.stderr
    maap.heal()
    maap.fail("no rights", path="07821E", times=None)
    some = job(*period)
    assert some.returncode == 1, some.stderr
    assert "07821E" in some.stderr
    check(tmp_path / "out", 2)
    assert len(pd.read_csv(tmp_path / "out" / "failures.csv")) == 1
    maap.heal()
    rest = job(*period)
    assert rest.returncode == 0, rest.stderr
    check(tmp_path / "out", 3)
    secret = maap.credentials_file.read_text().split("OFFLINE_TOKEN=")[1].strip()
    for done in (none, wrong, ended, some, rest):
        assert secret not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
