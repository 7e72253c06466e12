"""ESA MAAP on loopback: the catalogue, the token service and the data, replayed from recordings."""
