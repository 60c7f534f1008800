"""The book as one PDF and as an EPUB, both made from the pages of the built site, so that they say what it says."""
