"""Results for the command line: explanations, comparisons, a school's year and edits of a policy."""
