"""Editor features as pure functions: a program and an offset in, plain values out. No protocol, no disk, no clock."""
