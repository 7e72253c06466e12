"""What each synthetic file says of itself."""

#: Raise it when a change of the writers changes what they write: caches of older versions are left
#: behind.
SCENE_VERSION = 8
#: What `Notes` in the header of a file says, and the comment in a picture. Readers recognise
#: the first word.
NOTES = "SYNTHETIC: written by maap-replay, not a measurement"
