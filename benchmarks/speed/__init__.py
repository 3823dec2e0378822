"""How fast memories are stored and found, how much they take, and how many of the true ones are found.

``python -m benchmarks.speed [--sizes 1000 10000 100000] [--parts search …] [--quick] [--json FILE]``. Every figure
stands beside an exact NumPy scan of the same vectors in the same run: only their ratio says something about the
project, the rest is the machine. The memories are made up (:mod:`.sentences`), and so are their 768 numbers
(:mod:`.vectors`).
"""
