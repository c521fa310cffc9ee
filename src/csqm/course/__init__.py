"""What the assignments need: checks for their test cells, release versions, a demonstration."""
