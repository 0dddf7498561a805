"""Study plans: weeks, topics and the pages to read."""
