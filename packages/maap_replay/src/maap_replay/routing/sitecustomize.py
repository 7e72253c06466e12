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


def _load_the_one_we_hide() -> None:
    folder = Path(__file__).resolve().parent
    others = [p for p in sys.path if Path(p or ".").resolve() != folder]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec and spec.loader:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


if os.environ.get("MAAP_REPLAY_PORT"):
    import maap_replay_names  # type: ignore[import-not-found]  # beside this file

    replay_port = int(os.environ["MAAP_REPLAY_PORT"])
    socket.getaddrinfo = maap_replay_names.getaddrinfo_for(lambda: replay_port)
    socket.gethostbyname = maap_replay_names.gethostbyname
_load_the_one_we_hide()
