"""Who acts for whose company in the seeded data."""

from tests.seed.conftest import SeedDatabase


def test_teams_fit_their_owners_tiers(empty: SeedDatabase) -> None:
    rows = empty.load()["rows"]
    assert rows["company_members"] == empty.count("company_members") > 50
    assert not empty.value(
        "SELECT count(*) FROM company_members m JOIN companies c ON c.id = m.company_id"
        " JOIN users u ON u.id = m.user_id"
        " WHERE m.user_id = c.owner_id OR u.role <> 'employer'"
        " OR m.created_at < greatest(c.created_at, u.created_at)"
    )
    assert not empty.value(
        "SELECT count(*) FROM company_members m JOIN companies c ON c.id = m.company_id"
        " WHERE NOT EXISTS (SELECT FROM subscriptions s"
        " WHERE s.user_id = c.owner_id AND s.tier = 'business')"
    )
    assert 2 <= empty.value(
        "SELECT max(many) FROM (SELECT count(*) AS many FROM company_members GROUP BY company_id)"
        " AS teams"
    ) <= 4  # fmt: skip
    # The next one comes after the seeded ones.
    last = empty.value("SELECT max(id) FROM company_members")
    next_one = empty.value("SELECT nextval(pg_get_serial_sequence('company_members', 'id'))")
    assert next_one == last + 1
