"""What the operator costs and how fast it is, beside the limit that the API server sets: `make bench`."""
