"""What the doctor looks at: one file a part of the program; `finding` says what comes of it."""
