"""The command `entry`."""
