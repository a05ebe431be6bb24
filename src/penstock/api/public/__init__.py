"""The endpoints that clients of the API call."""
