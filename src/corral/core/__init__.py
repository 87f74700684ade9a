"""The vocabulary of Corral: types, messages, settings, errors. No I/O, nothing above it is imported."""
