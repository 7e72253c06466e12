"""Send ESA MAAP's hosts to the replay and refuse every other, in each Python process of a run.

Python imports a module of this name at start-up. `maap-replay run` puts this folder first on
PYTHONPATH, so notebook kernels, pytest, workers and their children all load it. Without the
variable MAAP_REPLAY_PORT it does nothing. A `sitecustomize` that the environment already has is
loaded afterwards.
"""

import importlib.machinery
import importlib.util
import os
import socket
import sys
from pathlib import Path
from typing import Any

_HOSTS = ("catalog.maap.eo.esa.int", "iam.maap.eo.esa.int")


def _route(replay_port: int) -> None:
    real = socket.getaddrinfo
    here = {None, "", "localhost", "::", "::1", "0.0.0.0", socket.gethostname()}  # noqa: S104

    def getaddrinfo(host: Any, port: Any = None, *args: Any, **kwargs: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        name = name.rstrip(".").lower() if isinstance(name, str) else name
        if name in _HOSTS:
            return real("127.0.0.1", replay_port, *args, **kwargs)
        if name in here or name.startswith("127."):
            return real(host, port, *args, **kwargs)
        raise socket.gaierror(
            socket.EAI_NONAME,
            f"maap-replay serves {' and '.join(_HOSTS)} and refuses every other host: {name}",
        )

    def gethostbyname(host: str) -> str:
        return str(getaddrinfo(host, None, socket.AF_INET)[0][4][0])

    socket.getaddrinfo, socket.gethostbyname = getaddrinfo, gethostbyname


def _load_the_one_we_hide() -> None:
    folder = Path(__file__).resolve().parent
    others = [p for p in sys.path if Path(p or ".").resolve() != folder]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec and spec.loader:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("MAAP_REPLAY_PORT"):
    _route(int(os.environ["MAAP_REPLAY_PORT"]))
_load_the_one_we_hide()
