"""Provisioning from the command line, through the API: no Django, and no way around the portal."""
