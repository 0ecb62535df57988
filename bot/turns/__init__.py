"""A turn: an update comes in, is handled in one transaction, and what was said goes out."""
