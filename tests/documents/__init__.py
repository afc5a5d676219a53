"""The programs of the documents, run as they stand there."""
