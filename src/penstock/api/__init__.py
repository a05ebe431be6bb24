"""Our HTTP edge: thin handlers, authentication, errors on the wire. `app.py` is where everything is put together."""
