"""The job as each platform builds it: build.sh, and each line of the Dockerfile without Docker.

It needs a network for the packages, so it stands outside the replay and starts one for the job
only: `make test-install`.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import xarray as xr
import yaml

ROOT = Path(__file__).parent.parent
REPLAY = Path(sys.executable).with_name("maap-replay")
DAY = "2025-03-16"

pytestmark = [
    pytest.mark.rare,
    pytest.mark.skipif(
        "MAAP_REPLAY_PORT" in os.environ, reason="needs PyPI: run `make test-install`"
    ),
]


def run(folder: Path, *command: object, **environment: str) -> None:
    """Run a command as on a platform, where nothing says where Python is."""
    clean = {key: each for key, each in os.environ.items() if not key.startswith(("JOB_", "VIRTU"))}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env=clean | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]


def check(output: Path) -> None:
    with xr.open_dataset(output / "cloud_fraction.nc") as ds:
        assert "MSI_CM__2A" in ds.attrs["source"]
        assert int(ds["pixels"].sum()) > 1_000_000


def test_the_algorithm_runs_in_what_its_build_installs(checkout: Path, tmp_path: Path) -> None:
    algorithm = yaml.safe_load((checkout / "jobs/nasa_dps/algorithm.yml").read_text())
    run(tmp_path, checkout / algorithm["build_command"])
    job = tmp_path / "job"
    job.mkdir()
    run(job, REPLAY, "run", "--", checkout / algorithm["run_command"], DAY, DAY, "E", "1")
    check(job / "output")


def test_the_processor_runs_in_what_its_dockerfile_installs(checkout: Path, tmp_path: Path) -> None:
    """Each line in turn: folders of the image lie in one of ours, and Python in a venv."""
    home, cwd = tmp_path / "worker", tmp_path
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "image"], check=True)
    image = {"PATH": f"{tmp_path / 'image' / 'bin'}{os.pathsep}{os.environ['PATH']}"}
    text = (checkout / "jobs/esa_pal/Dockerfile").read_text().replace("/home/worker", str(home))
    entry: list[str] = []
    for line in text.replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word == "COPY":
            source, target = shlex.split(rest)
            shutil.copytree(checkout / source, target)
        elif word == "WORKDIR":
            cwd = Path(rest)
            cwd.mkdir(parents=True, exist_ok=True)
        elif word == "RUN":
            run(cwd, "sh", "-ec", rest, **image)
        elif word == "ENV":
            image |= dict([rest.split("=", 1)])
        elif word == "ENTRYPOINT":
            entry = list(yaml.safe_load(rest))
        else:
            assert word in ("", "FROM", "#"), f"a line that this test does not know: {line}"
    parameters = f"start={DAY}\nend={DAY}\nframes=E\nmost=1\n"
    (cwd / "job-1-WPS-INPUT.properties").write_text(parameters)
    run(cwd, REPLAY, "run", "--", *entry, WORKER_HOME=str(home), **image)
    check(cwd / "outDir")
