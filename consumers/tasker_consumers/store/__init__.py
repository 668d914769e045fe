"""The store: errors, statistics, attempts and custom events as rows in PostgreSQL or SQLite.

`core` makes rows of records and knows no database, `writing` puts a batch of rows and its offsets into the database in
a single transaction, `reading` answers questions, `worker` is the consumer group.
"""
