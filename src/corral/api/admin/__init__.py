"""The dialect of those who run the server: which models are in memory, and which are here at all."""
