"""The command line: git's habits over what `tract` offers to everybody, and nothing else."""

from tract.cli._main import main, root

__all__ = ["main", "root"]
