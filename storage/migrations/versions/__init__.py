"""One module a revision, `rNNNN_subject.py`; the number is the revision and gives the order."""
