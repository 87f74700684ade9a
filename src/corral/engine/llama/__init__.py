"""The runner on llama.cpp. Only here is `llama_cpp` imported, and every C pointer has one owner."""
