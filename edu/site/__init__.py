"""Pages of the site as a whole: home, health, language, the component sheet."""
