"""An audit told to people and to programs: HTML, Markdown, JSON."""
