"""Records given to a handler of the user: called in order, shrunk to the few that fail, written as a test."""
