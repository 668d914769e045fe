"""JSON documents whose values know their places."""
