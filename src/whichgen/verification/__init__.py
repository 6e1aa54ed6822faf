"""Hashes what the project keeps anew, and names every file whose bytes are not those recorded."""
