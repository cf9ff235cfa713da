"""``python -m adalang.lsp``: the server over standard input and output, without the command line around it."""

from adalang.lsp.server import serve

if __name__ == "__main__":
    serve()
