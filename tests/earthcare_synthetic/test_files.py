"""Files are complete or absent, whoever writes them at the same time."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from earthcare_synthetic.files import complete_or_absent


def test_two_threads_of_one_process_may_write_the_same_file(tmp_path: Path) -> None:
    both_write = Barrier(2, timeout=60)

    def write(text: str) -> None:
        with complete_or_absent(tmp_path / "a.h5") as unfinished:
            both_write.wait()
            unfinished.write_text(text)
            both_write.wait()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(write, ["one", "two"]))
    assert (tmp_path / "a.h5").read_text() in ("one", "two")
    assert len(list(tmp_path.iterdir())) == 1


def test_an_error_leaves_nothing(tmp_path: Path) -> None:
    def break_off() -> None:
        with complete_or_absent(tmp_path / "a.h5") as unfinished:
            unfinished.write_text("half")
            raise OSError("The disk is full.")

    with pytest.raises(OSError, match="full"):
        break_off()
    assert not list(tmp_path.iterdir())
