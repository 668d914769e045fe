"""Commands about the store: the errors in it, and its care."""
