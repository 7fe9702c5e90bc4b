"""The agent's face: HTTP/1.1 over a Unix socket, the endpoints of `wire.messages`."""
