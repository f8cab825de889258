"""Backups, and what a restored one has to learn before anybody is served."""
