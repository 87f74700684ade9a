"""Where prefixes live that left the KV cells: copies of their state in host memory, and files on disk."""
