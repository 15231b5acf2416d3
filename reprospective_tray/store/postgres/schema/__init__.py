"""The schema on the server: numbered SQL scripts and the code that runs them."""
