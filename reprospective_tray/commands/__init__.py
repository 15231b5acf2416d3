"""What each command does: call the parts, print their answers.

Heavy parts are imported by the command that needs them, so that `status` answers at once.
"""
