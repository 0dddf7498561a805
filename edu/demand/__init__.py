"""What people look for and the library lacks."""
