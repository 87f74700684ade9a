"""Models that other servers run: requests are handed on, and their answers passed back."""
