"""What holds, shown on values (`unit`) and on a real desktop (`desktop`)."""
