"""What Windows gets: a set-up program around the frozen build, for one person, without rights."""
