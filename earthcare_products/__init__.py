"""What is true of EarthCARE whoever asks: products, names, baselines, classes, colours."""
