"""Find, preview, stream and plot EarthCARE granules on ESA MAAP."""

from importlib.metadata import PackageNotFoundError, version

from earthcare_products.products import PRODUCTS, file_type
from earthcare_tutorial.access import check_access
from earthcare_tutorial.assets import h5_url, pick_assets
from earthcare_tutorial.auth import Token, login
from earthcare_tutorial.basemap import mark_synthetic
from earthcare_tutorial.classifying import class_fractions, classes
from earthcare_tutorial.combining import align, cut_around
from earthcare_tutorial.credentials import credential_places, save_credentials
from earthcare_tutorial.curtain import plot_curtain
from earthcare_tutorial.describing import describe
from earthcare_tutorial.framing import plot_classes, plot_frame
from earthcare_tutorial.granule import (
    above_sea_level,
    mask_quality,
    to_display_units,
    trim_to_frame,
)
from earthcare_tutorial.listing import asset_table
from earthcare_tutorial.maps import plot_map
from earthcare_tutorial.mean_profile import plot_profile
from earthcare_tutorial.products import identify
from earthcare_tutorial.quicklook import quicklook_url, show_gallery, show_quicklook
from earthcare_tutorial.saving import data_doi, save_figure
from earthcare_tutorial.scaling import map_granules
from earthcare_tutorial.searching import count, search
from earthcare_tutorial.sites import companions, overpasses
from earthcare_tutorial.streaming.downloading import download
from earthcare_tutorial.streaming.opening import open_granule
from earthcare_tutorial.streaming.stats import StreamStats, stream_stats
from earthcare_tutorial.swath import plot_swath
from earthcare_tutorial.versions import baselines

__all__ = [
    "PRODUCTS",
    "StreamStats",
    "Token",
    "__version__",
    "above_sea_level",
    "align",
    "asset_table",
    "baselines",
    "check_access",
    "class_fractions",
    "classes",
    "companions",
    "count",
    "credential_places",
    "cut_around",
    "data_doi",
    "describe",
    "download",
    "file_type",
    "h5_url",
    "identify",
    "login",
    "map_granules",
    "mark_synthetic",
    "mask_quality",
    "open_granule",
    "overpasses",
    "pick_assets",
    "plot_classes",
    "plot_curtain",
    "plot_frame",
    "plot_map",
    "plot_profile",
    "plot_swath",
    "quicklook_url",
    "save_credentials",
    "save_figure",
    "search",
    "show_gallery",
    "show_quicklook",
    "stream_stats",
    "to_display_units",
    "trim_to_frame",
]

try:
    __version__ = version("earthcare-tutorial")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0.0.0"
