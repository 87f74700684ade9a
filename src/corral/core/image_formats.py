"""Which kinds of image files are read, by Pillow's names: every format opened is code that strangers feed."""

IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP")
