"""What is said in videos: subtitles and transcripts."""
