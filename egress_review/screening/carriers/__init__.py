"""Carriers: each module opens one family of files into its parts, and builds the copy that may leave."""
