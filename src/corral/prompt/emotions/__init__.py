"""Which of a list of emotions a character shows: the words, the question, and the distribution."""
