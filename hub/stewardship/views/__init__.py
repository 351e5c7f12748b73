"""Pages about datasets, and the desk of those who answer for them."""
