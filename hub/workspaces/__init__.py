"""Workspaces: a person's place in a project, its sessions, grants and leases."""
