"""What JupyterHub needs to obey the portal: its configuration, sign-in and spawner."""
