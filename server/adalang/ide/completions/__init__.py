"""The parts of completion, each for one family of places; :mod:`adalang.ide.completion` chooses among them."""
