"""Files that declare models by name: what each says, and the whole settings of each model."""
