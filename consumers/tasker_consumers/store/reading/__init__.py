"""Questions to the store, answered from its tables; read-only, with bounded answers."""
