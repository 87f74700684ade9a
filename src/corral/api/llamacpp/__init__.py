"""The dialect of llama.cpp's `llama-server`."""
