# Included where ids in hex digits are read: called for each digit, and a function of another module would not be inlined.

cdef inline int _digit(char letter):
    """Return the number of a lower-case hex digit, -1 for anything else."""
    if c"0" <= letter <= c"9":
        return letter - c"0"
    return letter - c"a" + 10 if c"a" <= letter <= c"f" else -1
