"""Bring-ins: code and small tables that somebody wants inside a project, reviewed before they are there."""
