"""The responses dialect: its request and its items, what of them goes to a vendor, and the resource that answers."""
