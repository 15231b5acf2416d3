"""Importers, one module or package per format."""
