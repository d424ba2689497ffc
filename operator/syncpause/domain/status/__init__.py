"""The statuses of policies and schools: phases, counts, conditions, next transitions and Events."""
