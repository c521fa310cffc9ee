"""The models of the explorer: one module and one script each; see `explorer`."""
