"""Find out, rung by rung, whether a granule can be read, and what to do if not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from earthcare_tutorial._answers import RUNGS, SIGNATURE, judge
from earthcare_tutorial._http import fetch, session, with_token
from earthcare_tutorial._notes import _say
from earthcare_tutorial.assets import h5_url
from earthcare_tutorial.auth import Token
from earthcare_tutorial.credentials import Secret

if TYPE_CHECKING:
    import pandas as pd
    import pystac
    import requests

DATA_ROOT = "https://catalog.maap.eo.esa.int/data/"


def check_access(token: Token | str, item_or_url: pystac.Item | str) -> pd.DataFrame:
    """Read the first 8 bytes of a granule, and tell which rung broke if that fails.

    Parameters
    ----------
    token : Token or str
        From :func:`login`; of an access token as a string, the offline token is not checked.
    item_or_url : pystac.Item or str
        A granule from :func:`search`, or the link of an .h5 file. The token is sent to ESA MAAP
        only, whatever the link says.

    Returns
    -------
    pandas.DataFrame
        One row per rung: "result" is ok, failed or not tried, "cure" says what to do. A sentence
        with what was seen is printed for the rung that failed.
    """
    url = item_or_url if isinstance(item_or_url, str) else h5_url(item_or_url)
    failed, seen = _climb(token, url)
    names = list(RUNGS)
    broken = names.index(failed) if failed else len(names)
    results = ["ok"] * broken + ["failed"] + ["not tried"] * len(names)
    if not isinstance(token, Token) and broken > names.index("offline token"):
        results[names.index("offline token")] = "not tried"
    if seen:
        _say(seen)
    return _table(results[: len(names)])


def _table(results: list[str]) -> pd.DataFrame:
    import pandas as pd

    cures = [
        cure if result == "failed" else ""
        for cure, result in zip(RUNGS.values(), results, strict=True)
    ]
    return pd.DataFrame({"result": results, "cure": cures}, index=list(RUNGS))


def _climb(token: Token | str, url: str) -> tuple[str, str]:
    """Return the rung that broke, if one did, and what was seen there."""
    name = url.rpartition("/")[2] or url
    if not url.startswith(DATA_ROOT) or not urlsplit(url).path.lower().endswith(".h5"):
        return "address", f"{url} is no .h5 file below {DATA_ROOT}, so the token was not sent."
    try:
        bearer = Secret(token.renew() if isinstance(token, Token) else token)
        answer, start = _first_bytes(url, bearer)
    except ConnectionError as error:
        return "network", str(error)
    except PermissionError as error:
        return "offline token", str(error)
    return judge(answer, start, name)


def _first_bytes(url: str, bearer: str) -> tuple[requests.Response, bytes]:
    wanted = {"Range": f"bytes=0-{len(SIGNATURE) - 1}", "Accept-Encoding": "identity"}
    with session() as patient:
        return fetch(url, patient, headers=wanted, auth=with_token(bearer))
