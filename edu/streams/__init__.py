"""Videos cut into pieces for playing: HLS."""
