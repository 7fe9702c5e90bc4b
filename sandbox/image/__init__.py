"""What runs while the image is built, and not afterwards."""
