"""The table of options, and the only reader of environment and files. Start at `options`, then `parse`."""
