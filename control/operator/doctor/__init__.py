"""`doctor`: what is looked at before anybody trusts an installation, a file for each subject."""
