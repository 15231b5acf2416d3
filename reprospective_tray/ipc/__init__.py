"""The channel between the running instance and the commands; one instance a person."""
