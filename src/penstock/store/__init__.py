"""Tables, queries, spool, writer, migrations. Inserts what it is given; invents nothing."""
