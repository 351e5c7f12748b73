"""Datasets: versions of recorded speech, their files and their facts."""
