"""What authors, teachers and CI run: build, run, verify and prove labs; build the book; grade."""
