"""The page for a person: resources, access to keys, and events, updated while the cloud changes.

Owns: everything under `/` of the control endpoint that a browser gets: one document (page.html, page.css),
which shows a snapshot of the cloud as JSON and asks for the next one. It reads the cloud and changes nothing.
"""
