"""What a user composes: encrypted Language services and the parts they are made of."""
