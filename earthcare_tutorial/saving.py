"""Save a figure so that it still says, years later, which data it shows."""

from __future__ import annotations

from pathlib import Path
from reprlib import repr as short
from typing import TYPE_CHECKING

from earthcare_tutorial._notes import one_granule
from earthcare_tutorial.products import identify, listed

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pystac
    from matplotlib.figure import Figure

# Each format has its own words: free ones in PNG, a fixed list in PDF, Dublin Core in SVG.
WORDS = {
    ".png": ("Title", "Source", "Description"),
    ".pdf": ("Title", "Keywords", "Subject"),
    ".svg": ("Title", "Source", "Description"),
}


def save_figure(
    figure: Figure,
    path: str | Path,
    items: pystac.Item | Iterable[pystac.Item],
    title: str = "",
    *,
    dpi: float = 300,
) -> dict[str, str]:
    """Save a figure, with its data's products, baselines and DOIs inside the file.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        What to save.
    path : str or pathlib.Path
        Ends in ".png", ".pdf" or ".svg".
    items : pystac.Item or iterable of them
        The granules that the figure shows.
    title : str
        What the figure shows; by default the products and frames.
    dpi : float
        Dots per inch, of which journals ask for 300 or more.

    Returns
    -------
    dict of str
        What was written into the file: the title, the identifiers of the granules, and a line
        with products, baselines and DOIs to cite.

    Raises
    ------
    ValueError
        When the format cannot carry such words, or there are no granules.

    Examples
    --------
    >>> import tempfile
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> figure = ect.show_quicklook(item).figure
    >>> ect.save_figure(figure, tempfile.mkdtemp() + "/quicklook.png", item)["Description"]
    'EarthCARE MSI_COP_2A, baseline BA, https://doi.org/10.57780/eca-94b4e53'
    """
    path = Path(path)
    if path.suffix.lower() not in WORDS:
        raise ValueError(f"{short(path.name)} is no name of a figure: choose .png, .pdf or .svg.")
    granules = listed(items)
    if not granules:
        raise ValueError("The list of granules is empty: the figure would not say what it shows.")
    for granule in granules:
        one_granule(granule)
    told = [identify(item) for item in granules]
    title = title or ", ".join(f"{each.file_type} {each.orbit_and_frame}" for each in told)
    cited = {
        f"EarthCARE {each.file_type}, baseline {each.baseline}" + (f", {doi}" if doi else "")
        for each, doi in zip(told, map(data_doi, granules), strict=True)
    }
    values = (title, "; ".join(item.id for item in granules), "; ".join(sorted(cited)))
    metadata = dict(zip(WORDS[path.suffix.lower()], values, strict=True))
    figure.savefig(path, dpi=dpi, metadata=metadata)
    return metadata


def data_doi(item: pystac.Item) -> str:
    """Return the address of the DOI of a granule's data, or nothing when the item names none.

    Parameters
    ----------
    item : pystac.Item
        From :func:`search`; its property "sci:doi" is taken, or else its link "cite-as".

    Examples
    --------
    >>> import earthcare_tutorial as ect
    >>> (item,) = ect.search("M-COP", orbit_and_frame="04537E", baseline="BA")
    >>> ect.data_doi(item)
    'https://doi.org/10.57780/eca-94b4e53'
    """
    if doi := item.properties.get("sci:doi"):
        return f"https://doi.org/{doi}"
    link = item.get_single_link("cite-as")
    return str(link.href) if link else ""
