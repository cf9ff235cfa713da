"""The one way to a model: `Gateway.complete` brings an answer to messages, paid for at most once."""
