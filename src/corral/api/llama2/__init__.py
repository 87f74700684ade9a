"""`PUT /put/text`, as a small server of Llama 2 had it."""
