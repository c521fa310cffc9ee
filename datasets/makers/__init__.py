"""What makes the data sets: one module each, with the name of its data set."""
