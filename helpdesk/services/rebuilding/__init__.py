"""Decisions of accounts that a restored database had forgotten, made again from the ledger."""
