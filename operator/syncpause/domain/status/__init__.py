"""What a status says: phases, counts, conditions, the next transition."""
