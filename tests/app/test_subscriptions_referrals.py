"""Who brings someone that pays gets a month's credit, and so does who was brought."""

import asyncio

from tests.app.life import Person, problem
from tests.app.till import Till


async def _code(person: Person) -> str:
    told: str = (await person.post("/subscriptions/referral-code", expect=200)).json()["code"]
    return told


async def _balance(till: Till, person: Person) -> int:
    rows = till.rows(
        "SELECT stripe_customer_id AS id FROM billing_accounts WHERE user_id = %s", person.id
    )
    if not rows or rows[0]["id"] is None:
        return 0
    return int((await till.api(f"customers/{rows[0]['id']}"))["balance"])


async def test_a_code_is_made_once(till: Till) -> None:
    person = await till.person()
    assert (await till.own(person))["referral_code"] is None
    codes = await asyncio.gather(*(_code(person) for _ in range(4)))
    assert len(set(codes)) == 1
    assert (await till.own(person))["referral_code"] == codes[0]
    assert await _code(await till.person()) != codes[0]


async def test_both_get_a_month_once_the_new_one_has_paid(till: Till) -> None:
    referrer, referee = await till.person(), await till.person()
    await till.subscribe(referrer, "business")
    code = await _code(referrer)
    await till.subscribe(referee, referral_code=code.lower(), trial=True)
    # A trial is not a payment.
    assert (await _balance(till, referrer), await _balance(till, referee)) == (0, 0)
    await till.days(7 + 2 / 24)
    assert (await _balance(till, referrer), await _balance(till, referee)) == (-4999, -999)
    await till.days(31)
    paid = await till.paid(referee)
    assert [(one["amount_total_cents"], one["amount_due_cents"]) for one in paid] == [
        (999, 999),
        (999, 0),
    ]
    assert [one["status"] for one in paid] == ["paid", "paid"]
    # Events of later payments, and earlier ones again, give nothing more.
    till.rows("UPDATE stripe_events SET processed_at = NULL")
    await till.control("deliver", order="shuffled")
    await till.days(31)
    assert (await till.paid(referee))[2]["amount_due_cents"] == 999


async def test_who_never_bought_is_credited_a_month_of_pro(till: Till) -> None:
    referrer, referee = await till.person(), await till.person()
    code = await _code(referrer)
    await till.subscribe(referee, "business", referral_code=code)
    assert (await _balance(till, referrer), await _balance(till, referee)) == (-999, -4999)


async def test_a_credit_that_was_given_is_not_given_again_after_a_crash(till: Till) -> None:
    referrer, referee = await till.person(), await till.person()
    code = await _code(referrer)
    await till.subscribe(referee, referral_code=code)
    # A month would be another sum now: the same call could not even be repeated.
    await referee.post("/subscriptions/change", tier="business", expect=200)
    await till.settled()
    before = (await _balance(till, referrer), await _balance(till, referee))
    # As if the app had died between Stripe's answer and its own note of it.
    till.rows("UPDATE referrals SET referee_credited_at = NULL, referrer_credited_at = NULL")
    till.rows("UPDATE stripe_events SET processed_at = NULL")
    answer = await till.control("deliver", order="shuffled")
    assert {each["status"] for each in answer["sent"]} == {200}
    assert (await _balance(till, referrer), await _balance(till, referee)) == before
    (row,) = till.rows("SELECT referee_credited_at, referrer_credited_at FROM referrals")
    assert None not in row.values()


async def test_a_code_can_be_given_when_registering(till: Till) -> None:
    referrer = await till.person()
    referee = await till.person(referral_code=await _code(referrer))
    await till.subscribe(referee)
    assert (await _balance(till, referrer), await _balance(till, referee)) == (-999, -999)


async def test_nobody_registers_with_a_code_that_is_nobodys(till: Till) -> None:
    asked = {
        "email": "new@example.com",
        "password": "Bahamas-2026!",
        "full_name": "New",
        "role": "seeker",
    }
    for code, status, name in (
        ("NOBODY", 400, "no_such_referral_code"),
        ("\x00", 422, "invalid_request"),
    ):
        answer = await till.client.post("/auth/register", json={**asked, "referral_code": code})
        problem(answer, status, name)
    assert till.rows("SELECT id FROM users WHERE email = 'new@example.com'") == []


async def test_codes_that_do_not_count(till: Till) -> None:
    person, first, second = await till.person(), await till.person(), await till.person()
    ask = "/subscriptions/checkout"
    problem(
        await person.post(ask, tier="pro", referral_code="NOBODY"), 400, "no_such_referral_code"
    )
    problem(
        await person.post(ask, tier="pro", referral_code=await _code(person)),
        400,
        "own_referral_code",
    )
    await person.post(ask, tier="pro", referral_code=await _code(first), expect=200)
    await person.post(ask, tier="pro", referral_code=await _code(first), expect=200)
    problem(
        await person.post(ask, tier="pro", referral_code=await _code(second)),
        409,
        "already_referred",
    )
    payer = await till.person()
    await till.subscribe(payer)
    await payer.post("/subscriptions/cancel", expect=200)
    await till.days(32)
    problem(
        await payer.post(ask, tier="pro", referral_code=await _code(first)), 409, "already_paid"
    )
