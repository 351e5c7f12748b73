"""Measures this enclave against the stock of what it is made of; its commands run on a quiet machine."""
