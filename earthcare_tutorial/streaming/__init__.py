"""Stream variables of remote granules, or download them whole."""

from earthcare_tutorial.streaming.downloading import download
from earthcare_tutorial.streaming.opening import open_granule
from earthcare_tutorial.streaming.stats import StreamStats, stream_stats

__all__ = ["StreamStats", "download", "open_granule", "stream_stats"]
