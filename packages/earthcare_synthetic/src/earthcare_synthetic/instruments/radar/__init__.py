"""CPR, the cloud radar at 94 GHz: echo, detection, velocity, classes and water."""
