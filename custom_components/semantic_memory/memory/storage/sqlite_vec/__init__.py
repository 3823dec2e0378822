"""sqlite-vec on musl, for which it publishes no package: the official one, fetched and made to fit.

``obtain`` leads: it has ``fetch`` download the wheel that ``wheel`` pins, and ``elf`` adapt the file in it. ``machine``
says whether this is needed at all. Nothing here loads what it handles, see ``vec`` beside this package.
"""
