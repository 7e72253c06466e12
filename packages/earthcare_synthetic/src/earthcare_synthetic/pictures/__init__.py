"""Pictures of products, drawn from what is in them: for the catalogue and for the gallery."""
