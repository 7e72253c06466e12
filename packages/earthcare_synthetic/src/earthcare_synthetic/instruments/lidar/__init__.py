"""ATLID, the lidar: light at 355 nm, its echo, features, classes and profiles."""
