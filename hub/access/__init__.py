"""Access: which project may use which dataset version, for what, until when."""
