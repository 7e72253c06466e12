"""Find out, rung by rung, whether a granule can be read, and what to do if not."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from earthcare_tutorial._http import BUSY, fetch
from earthcare_tutorial._notes import _say
from earthcare_tutorial._signing import TOKEN_PAGE, auth_for, hidden
from earthcare_tutorial.assets import h5_url

if TYPE_CHECKING:
    import pandas as pd
    import pystac
    import requests

    from earthcare_tutorial.auth import Token

SIGNATURE = b"\x89HDF\r\n\x1a\n"  # the first 8 bytes of each HDF5 file

#: How the other files of a granule begin.
OTHERS = {
    b"<Earth_Explorer_Header": "the header",
    b"PK\x03\x04": "the ZIP",
    b"\xff\xd8\xff": "a picture",
    b"\x89PNG\r\n": "a picture",
}
#: The rungs on the way to the data, in the order in which they are climbed, with what to do when
#: one breaks.
RUNGS = {
    "address": "take the link from search() or pick_assets()",
    "network": "check the network, then try again",
    "offline token": "get a new one, save_credentials() puts it away",
    "access token": "login() again",
    "account": "open the token page once, check the collection",
    "data": "try another granule, or later",
}


def check_access(item: pystac.Item | str, token: Token | str) -> pd.DataFrame:
    """Read the first 8 bytes of a granule, and tell which rung broke if that fails.

    Parameters
    ----------
    item : pystac.Item or str
        A granule from :func:`search`, or the link of an .h5 file.
    token : Token or str
        From :func:`login`; of an access token as a string, the offline token is not checked.

    Returns
    -------
    pandas.DataFrame
        One row per rung: "result" is ok, failed or not tried, "cure" says what to do. A sentence
        with what was seen is printed for the rung that failed.

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("A-EBD", orbit_and_frame="04537E")
    >>> ect.check_access(item, ect.login())["result"].value_counts().to_dict()
    {'ok': 6}
    """
    import pandas as pd

    token = hidden(token)
    failed, seen = _climb(item, token)
    rungs = list(RUNGS)
    broken = rungs.index(failed) if failed else len(rungs)
    results = dict.fromkeys(rungs[:broken], "ok") | dict.fromkeys(rungs[broken:], "not tried")
    if isinstance(token, str):
        results["offline token"] = "not tried"
    if failed:
        results[failed] = "failed"
        _say(seen)
    cures = {rung: cure if rung == failed else "" for rung, cure in RUNGS.items()}
    return pd.DataFrame({"result": results, "cure": cures})


def _climb(item: pystac.Item | str, token: Token | str) -> tuple[str, str]:
    """Return the rung that broke, if one did, and what was seen there."""
    url = item if isinstance(item, str) else h5_url(item)
    path = urlsplit(url).path
    name = path.rpartition("/")[2]
    try:
        auth = auth_for(token, url, from_item=not isinstance(item, str))
        if not path.lower().endswith(".h5"):
            return "address", f"{name or url} is no .h5 file, so the token was not sent."
        if not isinstance(token, str):
            token.renew()
        answer, start = fetch(
            url,
            first=len(SIGNATURE),
            auth=auth,
            good=lambda got, start: not judge(got, start, name)[0],  # no page in place of data
        )
    except ValueError as error:
        return "address", str(error)
    except ConnectionError as error:
        return "network", str(error)
    except PermissionError as error:
        return "access token" if isinstance(token, str) else "offline token", str(error)
    return judge(answer, start, name)


def judge(answer: requests.Response, start: bytes, name: str) -> tuple[str, str]:
    """Tell what the data server's answer to the first bytes of a granule means.

    Returns
    -------
    tuple of str
        The rung that broke, empty if none did, and what was seen there.
    """
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    refusals = {
        401: ("access token", "The data server does not accept the access token (401)."),
        403: (
            "account",
            f"The data server refuses {name} (403). It says the same in three cases: your account"
            f" has not been activated at {TOKEN_PAGE}, has no right to this collection, or there"
            " is no such file.",
        ),
        **dict.fromkeys((404, 410), ("address", f"The data server has no file {name} ({status}).")),
        **dict.fromkeys(BUSY, ("network", f"The data server is busy ({status}).")),
    }
    if status in refusals:
        return refusals[status]
    if answer.ok and start.startswith(SIGNATURE):
        return "", ""
    other = next((what for first, what in OTHERS.items() if first in start[:300]), "")
    if answer.ok and other:
        take = "take pick_assets(item)['h5']"
        return "address", f"{name} is {other} of a granule, not its data: {take}."
    if answer.ok and ("html" in kind or start.lstrip().startswith(b"<")):
        return "account", (
            f"The data server sends a web page in place of {name}: open {TOKEN_PAGE} in a browser"
            " to see what it asks of you, then login() again."
        )
    return "data", f"What the data server sends for {name} does not begin as HDF5 does ({status})."
