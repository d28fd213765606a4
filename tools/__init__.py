"""Commands that keep the repository in order.

Each is run as a module from the repository's root (``python -m tools.lock``), usually through
the Makefile. Nothing here is part of the installed package.
"""
