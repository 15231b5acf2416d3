"""Where sessions are kept: the models, the adapter, migrations, writers and queries."""
