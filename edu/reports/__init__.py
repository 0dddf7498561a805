"""What readers find wrong with published materials, and how moderators settle it."""
