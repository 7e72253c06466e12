"""What an instrument makes of the scene: physics of the measurement, noise, limits of detection."""
