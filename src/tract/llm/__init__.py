"""What has to do with models as a service: what a call costs.

Nothing here talks to anybody: prices come from a table that is installed with the package.
"""

from tract.llm._prices import price_of

__all__ = ["price_of"]
