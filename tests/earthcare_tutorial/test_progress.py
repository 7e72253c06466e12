"""The progress bar: one per file, and none for what is done in a moment."""

import io
import sys

from earthcare_tutorial._progress import _bars, progress


class Terminal(io.StringIO):
    """What somebody looks at."""

    def isatty(self):
        """Say that somebody does."""
        return True


def test_readers_of_a_file_share_a_bar_that_shows_late(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    name = "ECA_EXBA_MSI_COP_2A_20250316T133058Z_20250912T203345Z_04537E.h5"
    with progress(10, name) as one, progress(30, name) as another:
        one(10)
        another(5)
        ((bar, readers),) = _bars.values()
        assert (bar.desc, bar.n, bar.total, readers) == ("MSI_COP_2A 04537E", 15, 40, 2)
    assert not _bars
    assert not sys.stderr.getvalue().strip()


def test_nobody_looks_at_a_test_or_a_log(monkeypatch):
    for terminal, in_a_test in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr(sys, "stderr", terminal)
        if not in_a_test:
            monkeypatch.delenv("PYTEST_CURRENT_TEST")
            monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
        with progress(10, "a.h5") as done:
            done(10)
            assert not _bars
