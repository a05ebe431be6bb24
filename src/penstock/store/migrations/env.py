"""What alembic runs: the revisions, inside the transaction of the connection that it is handed."""

from alembic import context

from penstock.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
