"""The page for a person: what is in the cloud, who can use which key, and what happened, while it changes.

Owns: everything under `/` of the control endpoint that a browser gets. It reads the cloud and changes
nothing.
"""
