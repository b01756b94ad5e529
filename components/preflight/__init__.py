"""The one look at what exists before anything is made, and the decision."""
