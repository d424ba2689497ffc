"""What the operator reports: the statuses of policies and of schools, their Events and counts."""
