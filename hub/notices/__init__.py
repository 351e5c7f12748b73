"""Notices: what a person should know, in the portal and by mail, derived from the ledger and from dates."""
