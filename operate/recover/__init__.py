"""What a killed engine left undone, taken into the stack's state: one command, then `pulumi up` goes on."""
