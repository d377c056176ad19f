"""Facts of the app, read from its sources: it is never imported."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from capacity.audit.facts import Fact, Value
from stack.inventory.files import number, text, toml
from stack.inventory.services import Compose

_APP = "reference_app"
_SETTINGS = f"{_APP}/settings.py"
_TIERS = f"{_APP}/subscriptions/tiers.toml"
_METHODS = {"get", "post", "put", "patch", "delete"}
_STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH)\b", re.I)
_TABLE = re.compile(r'__tablename__ = "(\w+)"')
_TEXT = re.compile(r"(?<![\w.])text\(")
_NOT_SERVING = {"migrations", "seed"}
_EVENTS = (
    "checkout.session.completed",
    *(f"customer.subscription.{what}" for what in ("updated", "deleted")),
    *(f"invoice.payment_{what}" for what in ("succeeded", "failed")),
)
"""Those the blueprint names; Stripe has many more."""


def facts(home: Path, compose: Compose) -> dict[str, Fact]:
    """Settings as a pod has them, routes, tables, SQL, tiers, and single marks of features."""
    return {
        **_settings(home, compose),
        **_code(home),
        **_marks(home),
        **_tiers(home),
    }


def _settings(home: Path, compose: Compose) -> dict[str, Fact]:
    """Every setting with a plain default, or as the compose file hands it to a pod."""
    pod = compose.pod()
    handed = pod.environment if pod else {}
    found: dict[str, Fact] = {}
    for name, default in _defaults(ast.parse(text(home, _SETTINGS))):
        given = handed.get(name.upper())
        value = default if given is None else number(given)
        found[f"app.{name}"] = Fact(value, _SETTINGS)
    rates = toml(home, f"{_APP}/rate_groups.toml")
    share = rates.get("uploads", {}).get("share")
    each = found.get("app.api_rate_per_minute", Fact(None, "")).value
    uploads = round(share * each) if share and isinstance(each, int | float) else None
    found["app.uploads_per_minute"] = Fact(uploads, f"{_APP}/rate_groups.toml")
    return found


def _defaults(module: ast.Module) -> Iterator[tuple[str, Value]]:
    for body in module.body:
        if not (isinstance(body, ast.ClassDef) and body.name == "Settings"):
            continue
        for line in body.body:
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                value = _constant(line.value)
                if isinstance(value, bool | int | float | str):
                    yield line.target.id, value


def _constant(node: ast.expr | None) -> object:
    """A constant, or the default of a `Field(...)`; None for anything else."""
    if isinstance(node, ast.Call):
        given = [one.value for one in node.keywords if one.arg == "default"]
        return _constant(given[0]) if given else None
    return node.value if isinstance(node, ast.Constant) else None


def _code(home: Path) -> dict[str, Fact]:
    """What the sources declare: routes, tables, and statements written as text."""
    routes: list[str] = []
    tables: list[str] = []
    statements = put_together = 0
    for path in sorted((home / _APP).rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        serves = not _NOT_SERVING & set(path.relative_to(home).parts)
        if serves:
            tables += _TABLE.findall(source)
        routing, writing = "APIRouter(" in source, serves and _TEXT.search(source)
        if not (routing or writing):
            continue  # parsing is most of the work
        tree = ast.parse(source)
        routes += _routes(tree)
        if writing:
            written = [one for one in _texts(tree) if one is not None]
            statements += sum(bool(_STATEMENT.match(one)) for one in written)
            put_together += 0 if path.name == "models.py" else _put_together(tree)
    migrations = len(list((home / _APP / "migrations/versions").glob("*.py")))
    return {
        "app.routes": Fact(tuple(sorted(routes)), _APP),
        "app.tables": Fact(tuple(sorted(tables)), _APP),
        "app.sql_strings": Fact(statements, _APP),
        "app.sql_put_together": Fact(put_together, _APP),
        "app.migrations": Fact(migrations, f"{_APP}/migrations"),
    }


def _put_together(tree: ast.Module) -> int:
    """Statements whose text is made while a function runs.

    What a module puts together once, from its own constants, holds nothing a request said.
    """
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    functions = (one for one in ast.walk(tree) if isinstance(one, kinds))
    return sum(words is None for body in functions for words in _texts(body))


def _routes(tree: ast.Module) -> Iterator[str]:
    prefixes: dict[str, str] = {}
    for line in tree.body:
        if isinstance(line, ast.Assign) and isinstance(line.value, ast.Call):
            made = line.value
            if isinstance(made.func, ast.Name) and made.func.id == "APIRouter":
                said = [one.value for one in made.keywords if one.arg == "prefix"]
                prefix = str(_constant(said[0])) if said else ""
                prefixes |= {one.id: prefix for one in line.targets if isinstance(one, ast.Name)}
        if isinstance(line, ast.AsyncFunctionDef | ast.FunctionDef):
            for mark in line.decorator_list:
                yield from _route(mark, prefixes)


def _route(mark: ast.expr, prefixes: dict[str, str]) -> Iterator[str]:
    if not (isinstance(mark, ast.Call) and isinstance(mark.func, ast.Attribute) and mark.args):
        return
    router, method = mark.func.value, mark.func.attr
    if isinstance(router, ast.Name) and router.id in prefixes and method in _METHODS:
        yield f"{method.upper()} {prefixes[router.id]}{_constant(mark.args[0])}"


def _texts(tree: ast.AST) -> Iterator[str | None]:
    """What `text(...)` is called with: the words, or None where they are put together."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
            continue
        if node.func.id == "text":
            words = _constant(node.args[0])
            yield words if isinstance(words, str) else None


def _marks(home: Path) -> dict[str, Fact]:
    """Single features, each by the line of code that makes it."""
    kit, paid = f"{_APP}/kit", f"{_APP}/subscriptions"
    layers = re.search(r"^LAYERS = \(([^)]*)\)", text(home, f"{kit}/metrics.py"), re.M)
    watched = re.search(r"^_WATCHED = \(([^)]*)\)", text(home, f"{paid}/inbox.py"), re.M)
    begins = tuple(re.findall(r'"([^"]+)"', watched[1])) if watched else ()
    modes = re.search(r"^_SSL_MODES = \{([^}]*)\}", text(home, _SETTINGS), re.M)
    endings = toml(home, f"{_APP}/uploads/kinds.toml").get("types", {})
    roles = [
        role
        for role, file, mark in (
            ("cache", "cache.py", "import Redis"),
            ("pub/sub", "pubsub.py", ".pubsub("),
        )
        if mark in text(home, f"{kit}/{file}")
    ]
    python = re.search(r"^FROM python:(\d+\.\d+)", text(home, "deploy/Dockerfile"), re.M)
    refused = re.search(
        r"class EntitlementRefusedError\((\w+)\)", text(home, f"{paid}/entitlements.py")
    )
    status = re.search(
        rf"class {refused[1] if refused else '-'}\(.*?status = (\d+)",
        text(home, f"{_APP}/errors.py"),
        re.S,
    )
    middleware = text(home, f"{kit}/middleware.py")
    values: dict[str, tuple[Value | None, str]] = {
        "framework": (
            "fastapi" if "import FastAPI" in text(home, f"{_APP}/assembly.py") else None,
            f"{_APP}/assembly.py",
        ),
        "headers": (
            tuple(sorted(set(re.findall(r'b"(x-[a-z-]+)",', middleware)))),
            f"{kit}/middleware.py",
        ),
        "cache_layers": (
            tuple(re.findall(r'"(\w+)"', layers[1])) if layers else None,
            f"{kit}/metrics.py",
        ),
        "redis_roles": (tuple(roles), kit),
        "presigned": (
            "generate_presigned_url" in text(home, f"{kit}/storage.py"),
            f"{kit}/storage.py",
        ),
        "upload_extensions": (
            tuple(one for kind in endings.values() for one in kind["extensions"]),
            f"{_APP}/uploads/kinds.toml",
        ),
        "sends_errors": ("sentry_sdk.init(" in text(home, f"{kit}/sentry.py"), f"{kit}/sentry.py"),
        "refresh_rotation": (
            "def rotate(" in text(home, f"{_APP}/auth/repository.py"),
            f"{_APP}/auth/repository.py",
        ),
        "sslmodes": (
            tuple(sorted(re.findall(r'"([a-z-]+)"', modes[1]))) if modes else None,
            _SETTINGS,
        ),
        "refuses_any_origin": ('"*" in self.cors_origins' in text(home, _SETTINGS), _SETTINGS),
        "webhook_events": (
            tuple(one for one in _EVENTS if one.startswith(begins or ("-",))),
            f"{paid}/inbox.py",
        ),
        "entitlement_status": (int(status[1]) if status else None, f"{paid}/entitlements.py"),
        "credits_referrals": (
            "async def settle(" in text(home, f"{paid}/referrals.py"),
            f"{paid}/referrals.py",
        ),
    }
    found = {f"app.{name}": Fact(value, where) for name, (value, where) in values.items()}
    return found | {"pods.python": Fact(python[1] if python else None, "deploy/Dockerfile")}


def _tiers(home: Path) -> dict[str, Fact]:
    document = toml(home, _TIERS)
    tiers = document.get("tiers", {})
    values: dict[str, Value | None] = {
        "names": tuple(tiers),
        "trial_days": document.get("trial_days"),
    }
    for name, tier in tiers.items():
        values |= {f"{name}.{limit}": most for limit, most in tier["limits"].items()}
        prices = tier.get("prices", {})
        values |= {
            f"{name}.{term}": prices[term] / 100 if term in prices else None
            for term in ("month", "year")
        }
        values |= {
            f"{name}.features": tuple(tier.get("features", ())),
            f"{name}.perks": tuple(tier.get("perks", ())),
            f"{name}.head_start_days": tier.get("head_start_days", 0),
        }
    return {f"tiers.{name}": Fact(value, _TIERS) for name, value in values.items()}
