"""How the bundled demonstration model is made: text, tokenizer, weights, file."""
