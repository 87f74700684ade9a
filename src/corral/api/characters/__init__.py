"""Character chat: the dialect of llama-web-generator."""
