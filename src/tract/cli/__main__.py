"""Runs the command line as `python -m tract.cli`.

For machines on which the `tract` script is not on the path, or where it matters which Python runs it.
"""

from tract.cli import main

main()
