"""What appears once the book has a public home: `repository: url` in `_config.yml` names it.

With it, pages offer to edit, to report and to launch, and know their public address. Without it,
nothing on the site asks for one.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from sphinx.application import Sphinx
from sphinx.config import Config

BINDER = "https://mybinder.org"


def pages_address(repository: str) -> str:
    """Address of the site that GitHub or GitLab Pages serve for a repository, or "".

    Examples
    --------
    >>> pages_address("https://github.com/nobody/clouds")
    'https://nobody.github.io/clouds/'
    >>> pages_address("https://git.example.org/nobody/clouds")
    ''
    """
    parts = urlsplit(repository)
    owner, name = parts.path.strip("/").split("/")[-2:]
    homes = {"github.com": "github.io", "gitlab.com": "gitlab.io"}
    home = homes.get(parts.netloc)
    return f"https://{owner.lower()}.{home}/{name}/" if home else ""


def _move_in(app: Sphinx, config: Config) -> None:
    """Set all that follows from the address, before the theme reads its options."""
    options = config.html_theme_options
    repository = options.get("repository_url", "").rstrip("/")
    if repository:
        options["use_repository_button"] = True
        options["use_issues_button"] = True
        options["use_edit_page_button"] = True
        launch = {"binderhub_url": BINDER, "notebook_interface": "jupyterlab"}
        options["launch_buttons"] = launch | (options.get("launch_buttons") or {})
        config.html_baseurl = config.html_baseurl or pages_address(repository)


def _offer_codespaces(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: Any
) -> None:
    repository = app.config.html_theme_options.get("repository_url", "").rstrip("/")
    if repository.startswith("https://github.com/"):
        for group in context.get("header_buttons", []):
            if group.get("label") == "launch-buttons":
                group["buttons"].append(
                    {
                        "type": "link",
                        "text": "Codespaces",
                        "tooltip": "Launch on GitHub Codespaces",
                        "icon": "fas fa-code",
                        "url": repository.replace("github.com", "codespaces.new", 1),
                    }
                )


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx, before the theme and after it."""
    app.connect("config-inited", _move_in, priority=100)
    app.connect("html-page-context", _offer_codespaces, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
