"""Pages: the frame of every page, the home page, errors and headers."""
