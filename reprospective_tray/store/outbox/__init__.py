"""The rows waiting for upload, and the processing of the server's answers."""
