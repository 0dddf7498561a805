"""Language models behind one small protocol; which of them answers is a setting."""
