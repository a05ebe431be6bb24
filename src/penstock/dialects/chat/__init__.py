"""The chat completions dialect: `POST /v1/chat/completions`."""
