"""The contract between the control plane and the agent: messages, codec, protocol version."""
