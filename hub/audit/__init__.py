"""Audit: the ledger to look through, who can reach what and when, and what the enclave achieves."""
