"""The one protocol by which anything is erased, and everything that calls it."""
