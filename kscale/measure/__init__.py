"""How numbers are taken: the only clock of the house, and the statistics of pairs."""
