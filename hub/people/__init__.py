"""People: who may sign in, in which roles, with which training."""
