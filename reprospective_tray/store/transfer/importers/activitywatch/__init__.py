"""Exports of ActivityWatch: their shapes, their events, and sessions made of them."""
