"""The API: what the pages do, for scripts that show a narrow token of a person."""
