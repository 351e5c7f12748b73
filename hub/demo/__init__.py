"""The demo: real speech from Debian packages, and plainly invented people who may and may not use it."""
