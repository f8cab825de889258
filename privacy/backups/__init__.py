"""Backups: each part of a deployment into a folder of its own, with a rotation of its own."""
