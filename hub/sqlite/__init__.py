"""The portal's database on one machine: Django's SQLite, whose writers wait in a queue."""
