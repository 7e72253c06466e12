"""Find, preview, stream and plot EarthCARE granules on ESA MAAP."""
