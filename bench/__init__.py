"""What Geoscope takes and how long: `python -m bench`."""
