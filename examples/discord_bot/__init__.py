"""A Discord bot that speaks as a character, over Corral's `POST /chat`."""
