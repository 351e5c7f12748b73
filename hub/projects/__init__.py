"""Projects: a purpose, its members, its dates and its limits."""
