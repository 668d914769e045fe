"""Changes of the schema, in their order, by Alembic; `migrate` applies them under a lock."""
