"""BBR, the broadband radiometer: sunlight and heat that leave the Earth."""
