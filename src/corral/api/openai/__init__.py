"""The dialect of OpenAI's REST API, as far as it makes text, with llama-server's options beside."""
