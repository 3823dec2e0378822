"""Makes the table of words that the built-in model adds to WordLlama's: a teacher's knowledge, without the teacher."""
