"""Provisioning: the pages on which people, projects, access and images are looked after, without a shell."""
