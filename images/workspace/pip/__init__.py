"""Stands where pip would: a session has no network, so nothing can be installed from one."""
