"""Tests of what is installed: the packages themselves, looked into and put to use."""
