"""The program's own."""
