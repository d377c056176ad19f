"""Files of people: avatars, résumés, portfolios."""
