"""Write the item recordings of this package."""

from maap_replay.recordings.build import write

write()
