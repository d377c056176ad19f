"""The telling: HTML, Markdown, JUnit and charts."""
