"""The weather of one frame: ground, air, clouds, rain and aerosol, which every product looks at."""
