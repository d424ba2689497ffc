"""What a person asks before or after: explanations, comparisons, a school's year, edits."""
