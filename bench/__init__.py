"""What the library costs, measured: every budget of the reference page has its row here.

Run it by `python -m bench` or `make bench`. Each figure is measured in a process of its own, next
to a floor of plain `sqlite3` that does the same work, and the ratio is formed inside that pair: a
machine that is slow for a minute is slow for both.
"""

__all__: list[str] = []
