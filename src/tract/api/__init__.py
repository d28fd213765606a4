"""The faces: `Tract` for one context, `Session` for a store with several."""

from tract.api._session import Session
from tract.api._spaces import Branches
from tract.api._tract import Tract

__all__ = ["Branches", "Session", "Tract"]
