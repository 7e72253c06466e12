"""Every item that ESA MAAP's catalogue held on 6 February 2026, by rule from its census.

`members` says which frames a type and baseline has, `frames` when they were sensed, `footprints`
where, `dates` when they were processed and published, `items` how an item of them looks.
`segments` holds the items of one collection, type and baseline as columns that searches read.
"""
