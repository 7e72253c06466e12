"""Stream variables of remote granules, or download them whole."""
