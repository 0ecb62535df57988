"""The web door: a page with a chat; its session turns the same methods into events of the page."""
