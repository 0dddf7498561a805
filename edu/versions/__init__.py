"""What changes a material after its upload: what is said of it, and its file."""
