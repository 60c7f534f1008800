"""What is fast here, measured beside what one would use otherwise, in one run: `make bench`."""
