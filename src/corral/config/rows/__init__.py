"""The rows of the table, by theme. To add an option, add a row."""
