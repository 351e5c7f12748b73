"""Builds the images that sessions and screenings are started from; needs root and Docker, no registry."""
