"""What a person runs beside the operator."""
