"""Asks, before anything is written, what Azure would refuse about resources that are about to be made."""
