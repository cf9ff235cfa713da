"""What runs leave behind: traces in the store, and on request with a collector."""
