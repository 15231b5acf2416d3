"""The frozen build: a folder with the program, its Python and all its libraries."""
