"""The schema on the server: numbered SQL scripts, and what runs them."""
