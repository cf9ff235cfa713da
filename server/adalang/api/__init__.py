"""Adalang from Python: ``program = adalang.load("triage.adal")``, then ``program.classify(ticket="…")``.

Components are called as their file declares them, from plain code, from notebooks and from coroutines. All calls of a
program run on one event loop in a thread of its own, so that they share one store, one cache and one set of limits. What
runs components is imported by the first call: to import and to load cost the reading of the file.
"""
