"""How finished spans are shown: where their events go, and the convention of their names and attributes."""
