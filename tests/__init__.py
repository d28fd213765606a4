"""The tests of tract: one folder per room, ``tidy`` for the shape of the source itself."""
