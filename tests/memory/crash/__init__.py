"""A process that works on a database until it is killed, and what has to be true afterwards."""
