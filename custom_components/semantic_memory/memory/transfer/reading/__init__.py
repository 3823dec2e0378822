"""Reading what other tools, and we ourselves, have written. Everything here runs in a worker thread.

Files come from anywhere: nothing in one is taken for granted, and no line, field or table is read without a bound.
"""
