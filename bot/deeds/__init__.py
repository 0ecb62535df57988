"""Deeds: what is done as a whole, the same from chat, page and command line."""
