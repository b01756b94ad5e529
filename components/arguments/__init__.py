"""How components read and check their arguments: declared forms, formats and limits. Pure, no resources."""
