"""Doors: each is a source of updates and a session that carries out methods."""
