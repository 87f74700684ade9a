"""The commands of `corral`."""
