"""What several instruments together tell of a frame."""
