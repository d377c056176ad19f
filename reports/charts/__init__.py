"""Charts as inline SVG: text stays text, the colours are the page's, each is told in words too."""
