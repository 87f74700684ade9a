"""Requests to models that other servers run: what is handed on of them, and what is passed back."""
