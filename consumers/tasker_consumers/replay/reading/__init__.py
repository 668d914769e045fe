"""Reads event topics without a group: no offset is stored, and no other reader notices."""
