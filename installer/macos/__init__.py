"""What macOS gets: an app bundle around the frozen build, and a disk image around that."""
