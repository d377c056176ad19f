"""The cache's names for numbers of followers and connections."""


def user_cache_key(user_id: int) -> str:
    """Of a person."""
    return f"user-audience:{user_id}"


def company_cache_key(company_id: int) -> str:
    """Of a company."""
    return f"company-audience:{company_id}"
