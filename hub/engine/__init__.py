"""The one process on Docker's socket, and the images it starts."""
