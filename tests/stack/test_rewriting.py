import pytest

from stack.rewriting import Addresses, Rewriter

ADDRESSES = Addresses(
    ports={
        "primary": [{5432: 15432}],
        "replica-1": [{5432: 15433}],
        "replica-2": [],
        "redis": [{6379: 16379}],
        "backend": [{8000: 18001}, {8000: 18002}, {8000: 18003}],
    },
    subnets=("172.28.1.0/24",),
)
REWRITER = Rewriter(
    ADDRESSES,
    own_ports={8000: 18002},
    paths={"/etc/nginx": "/here/nginx", "/etc/nginx/tls": "/here/tls", "/run": "/here/run"},
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis://:pw@redis:6379/0", "redis://:pw@127.0.0.1:16379/0"),
        ("postgresql://a:b@primary:5432/x", "postgresql://a:b@127.0.0.1:15432/x"),
        ("host=primary port=5432 dbname=x", "host=127.0.0.1 port=15432 dbname=x"),
        ("a@replica-1:5432,b@primary:5432", "a@127.0.0.1:15433,b@127.0.0.1:15432"),
        ("0.0.0.0:8000", "127.0.0.1:18002"),
        ("0.0.0.0:9999", "0.0.0.0:9999"),
        ("172.28.1.0/24", "127.0.0.1/32"),
        ("primary:54320", "primary:54320"),
        ("my-primary:5432", "my-primary:5432"),
        ("primary.example:5432", "primary.example:5432"),
    ],
)
def test_addresses_of_services_become_local(text: str, expected: str) -> None:
    assert REWRITER.value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/etc/nginx/nginx.conf", "/here/nginx/nginx.conf"),
        ("/etc/nginx/tls/tls.crt", "/here/tls/tls.crt"),
        ("pid /run/nginx.pid;", "pid /here/run/nginx.pid;"),
        ("--config=/run", "--config=/here/run"),
        ("/etc/nginx-other/x", "/etc/nginx-other/x"),
        ("/var/run/x", "/var/run/x"),
    ],
)
def test_paths_below_a_mount_become_local(text: str, expected: str) -> None:
    assert REWRITER.value(text) == expected


def test_a_line_naming_a_scaled_service_stands_for_each_instance() -> None:
    written = REWRITER.file("upstream b {\n  server backend:8000 max_fails=3;\n}\n")
    assert written.splitlines() == [
        "upstream b {",
        "  server 127.0.0.1:18001 max_fails=3;",
        "  server 127.0.0.1:18002 max_fails=3;",
        "  server 127.0.0.1:18003 max_fails=3;",
        "}",
    ]


def test_a_line_naming_a_service_that_does_not_run_is_left_out() -> None:
    written = REWRITER.file(
        "one = host=replica-1 port=5432\ntwo = host=replica-2 port=5432\nthree = 3\n"
    )
    assert written == "one = host=127.0.0.1 port=15433\nthree = 3\n"


def test_a_variable_naming_a_service_that_does_not_run_is_left_out() -> None:
    kept = REWRITER.environment({"A": "x@replica-2:5432", "B": "x@redis:6379", "C": "plain"})
    assert kept == {"B": "x@127.0.0.1:16379", "C": "plain"}


def test_a_host_and_a_port_are_one_address() -> None:
    assert REWRITER.environment({"A_HOST": "redis", "A_PORT": "6379"}) == {
        "A_HOST": "127.0.0.1",
        "A_PORT": "16379",
    }
    elsewhere = {"A_HOST": "smtp.example.com", "A_PORT": "587", "B_HOST": "redis", "C_HOST": ""}
    assert REWRITER.environment(elsewhere) == elsewhere
