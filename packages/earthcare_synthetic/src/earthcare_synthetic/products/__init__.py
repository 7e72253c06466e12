"""One module per product: which variables it has, and what the scene puts into them."""
