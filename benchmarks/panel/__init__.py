"""How fast the Memory page is in a real browser: Home Assistant, its frontend, and a store of made-up memories.

Everything runs on one machine, the browser draws without a graphics processor, and every page is loaded as by a new
browser. Numbers are milliseconds. What a page takes is counted from the moment that its address is opened (Home
Assistant's own frontend is part of that), or that its tab or link is clicked.
"""
