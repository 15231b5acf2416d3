"""Which windows are not recorded, or without their title. Pure."""
