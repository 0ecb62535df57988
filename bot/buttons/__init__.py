"""Buttons below a message, and what a press of one says."""
