"""Lead the host names of ESA MAAP to the replay, and refuse every other.

Needs nothing but the standard library: it runs in every Python of a command, whatever is installed.
"""

import socket
from collections.abc import Callable
from typing import Any

HOSTS = ("catalog.maap.eo.esa.int", "iam.maap.eo.esa.int")


def getaddrinfo_for(port: Callable[[], int]) -> Callable[..., list[Any]]:
    """Make a `socket.getaddrinfo` that leads both hosts to a port of loopback.

    Parameters
    ----------
    port : callable
        Asked at each look-up for the port on which the replay listens now.
    """
    real = socket.getaddrinfo
    here = {None, "", "localhost", "::", "::1", "0.0.0.0", socket.gethostname()}  # noqa: S104

    def getaddrinfo(host: Any, service: Any = None, *args: Any, **kwargs: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        name = name.rstrip(".").lower() if isinstance(name, str) else name
        if name in HOSTS:
            return real("127.0.0.1", port(), *args, **kwargs)
        if name in here or name.startswith("127."):
            return real(host, service, *args, **kwargs)
        raise socket.gaierror(
            socket.EAI_NONAME,
            f"maap-replay serves {' and '.join(HOSTS)} and refuses every other host: {name}",
        )

    return getaddrinfo


def gethostbyname(host: str) -> str:
    """Do what `socket.gethostbyname` does, by the `socket.getaddrinfo` of now."""
    return str(socket.getaddrinfo(host, None, socket.AF_INET)[0][4][0])
