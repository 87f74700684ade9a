"""The web page at `/`. Only `mount` is imported by others; NiceGUI is imported when the server starts."""
