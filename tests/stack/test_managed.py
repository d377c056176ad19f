"""Render, Vercel and Kubernetes: files for other people's machines, none of which is here.

Kubernetes' manifests are held against its API's published schemas. Vercel's file is read by what
Vercel publishes of its own: the types made from the file's schema, and the program that turns its
patterns into routes. Render publishes a schema without a licence to copy it, so here its documented
fields and values are written down (managed_fields.toml); the workflow `managed` holds both files
against the schemas as they are published. Paths, names and thresholds are those of the app, the
image and the blueprint. Not checked: that a cluster, Render or Vercel accepts them.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Collection, Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes_validate import ValidationError, validate
from kubernetes_validate.utils import all_versions

from reference_app import health
from reference_app.settings import MigrationSettings, Settings

CHECKOUT = Path(__file__).resolve().parents[2]
DEPLOY = CHECKOUT / "deploy"
FIELDS = tomllib.loads(Path(__file__).with_name("managed_fields.toml").read_text("utf-8"))
_FEWEST, _MOST, _CPU, _MEMORY = 2, 10, 70, 80
_UP_S, _DOWN_S = 120, 300
_FOLDERS = ("kubernetes", "kubernetes/load")
_PROBES = {route.path for route in health.router.routes if hasattr(route, "path")}


def _known(node: dict[str, Any], fields: Collection[str], where: str) -> None:
    assert node.keys() <= set(fields), f"{where}: {sorted(node.keys() - set(fields))}"


def _variables() -> set[str]:
    """What the app and Gunicorn read, and what Render itself wants to know."""
    gunicorn = (DEPLOY / "gunicorn.conf.py").read_text("utf-8")
    known = {name.upper() for name in Settings.model_fields | MigrationSettings.model_fields}
    return known | set(re.findall(r'os\.environ\.get\("([A-Z_]+)"', gunicorn)) | {"PORT"}


def _required() -> set[str]:
    asked = Settings.model_fields | MigrationSettings.model_fields
    return {name.upper() for name, field in asked.items() if field.is_required()}


# --- Render


def _render() -> dict[str, dict[str, Any]]:
    document = yaml.safe_load((DEPLOY / "render.yaml").read_text("utf-8"))
    _known(document, FIELDS["render"]["root"], "render.yaml")
    return {service["name"]: service for service in document["services"]}


def test_render_is_told_in_documented_fields_and_values() -> None:
    fields = FIELDS["render"]
    for name, service in _render().items():
        kind = service["type"]
        _known(service, fields[kind], name)
        assert service.keys() >= set(fields["required"][kind]), name
        for field, values in fields["values"].items():
            assert service.get(field, values[0]) in values, f"{name}: {field}"
        for variable in service["envVars"]:
            _known(variable, fields["variable"], name)
            _known(variable.get("fromService", {}), fields["from_service"], name)
            assert len(variable.keys() - {"key"}) == 1, variable
            assert isinstance(variable.get("value", ""), str), variable
        assert (CHECKOUT / service["dockerfilePath"]).is_file()


def test_render_scales_and_probes_as_the_blueprint_says() -> None:
    web = _render()["hmb-backend"]
    _known(web["scaling"], FIELDS["render"]["scaling"], "scaling")
    assert web["scaling"] == {
        "minInstances": _FEWEST,
        "maxInstances": _MOST,
        "targetCPUPercent": _CPU,
        "targetMemoryPercent": _MEMORY,
    }
    assert web["healthCheckPath"] in _PROBES
    assert web["maxShutdownDelaySeconds"] in range(1, FIELDS["render"]["most_shutdown_delay_s"] + 1)
    handed = {variable["key"]: variable for variable in web["envVars"]}
    assert _required() <= handed.keys() <= _variables()
    assert handed["BIND"]["value"].endswith(f":{handed['PORT']['value']}")
    assert not any("value" in handed[name] for name in _required())


def test_render_s_cron_asks_the_pods_by_a_path_they_have() -> None:
    cron = _render()["hmb-uptime"]
    assert re.fullmatch(r"(\S+ ){4}\S+", cron["schedule"])
    (variable,) = cron["envVars"]
    assert variable["fromService"]["name"] in _render()
    asked = re.search(rf"http://\${variable['key']}(/\w+)", cron["dockerCommand"])
    assert asked is not None
    assert asked[1] in _PROBES


# --- Vercel


def _vercel() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((DEPLOY / "vercel.json").read_text("utf-8"))
    return document


@pytest.fixture
def beside_vercel_s_packages(tmp_path: Path) -> Path:
    """A folder in which node finds them."""
    packages = CHECKOUT / "reference_app/frontend/node_modules"
    if shutil.which("node") is None or not (packages / "@vercel/config").is_dir():
        pytest.skip("the front end's packages are not installed: make frontend")
    (tmp_path / "node_modules").symlink_to(packages)
    return tmp_path


def _typed(document: dict[str, Any], folder: Path) -> "subprocess.CompletedProcess[str]":
    """The document read into Vercel's own types, which are of what `$schema` describes."""
    told = json.dumps({name: value for name, value in document.items() if name != "$schema"})
    (folder / "told.ts").write_text(
        'import type { VercelConfig } from "@vercel/config/v1/types";\n'
        f"export const told: VercelConfig = {told};\n"
    )
    words = ["node_modules/.bin/tsc", "--noEmit", "--strict", "--skipLibCheck"]
    words += ["--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    return subprocess.run(
        [*words, "told.ts"], cwd=folder, check=False, capture_output=True, text=True
    )


def test_vercel_s_own_types_know_every_field_and_value(beside_vercel_s_packages: Path) -> None:
    document = _vercel()
    done = _typed(document, beside_vercel_s_packages)
    assert done.returncode == 0, done.stdout
    document["rewrites"][0]["sorce"] = "/x"
    document["framework"] = "vit"
    refused = _typed(document, beside_vercel_s_packages).stdout
    assert "'\"sorce\"' does not exist" in refused
    assert "'\"vit\"' is not assignable" in refused


def test_vercel_s_own_routes_lead_every_page_to_the_app_and_no_asset(
    beside_vercel_s_packages: Path,
) -> None:
    script = """
    const { getTransformedRoutes } = require("@vercel/routing-utils");
    const told = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
    console.log(JSON.stringify(getTransformedRoutes(told)));
    """
    done = subprocess.run(
        ["node", "-e", script],
        cwd=beside_vercel_s_packages,
        input=json.dumps(_vercel()),
        check=True,
        capture_output=True,
        text=True,
    )
    made = json.loads(done.stdout)
    assert made["error"] is None
    (page,) = (route["src"] for route in made["routes"] if route.get("dest") == "/index.html")
    assert re.match(page, "/jobs/5")
    assert not re.match(page, "/assets/index-1.js")
    kept = [one["src"] for one in made["routes"] if "Cache-Control" in one.get("headers", {})]
    assert [bool(re.match(src, "/assets/index-1.js")) for src in kept] == [True]
    assert not re.match(kept[0], "/jobs/5")


def test_vercel_sends_the_board_s_headers() -> None:
    sent = {each["key"]: each["value"] for each in _vercel()["headers"][0]["headers"]}
    nginx = (DEPLOY / "nginx/headers.conf").read_text("utf-8")
    for name in ("X-Frame-Options", "X-Content-Type-Options", "Referrer-Policy"):
        assert f"{name} {sent[name]} " in nginx
    assert "frame-ancestors 'none'" in sent["Content-Security-Policy"]
    assert sent["Strict-Transport-Security"] in (CHECKOUT / "nginx-production.conf").read_text(
        "utf-8"
    )


# --- Kubernetes


def _manifests(folder: str) -> Iterator[dict[str, Any]]:
    kustomization = yaml.safe_load((DEPLOY / folder / "kustomization.yaml").read_text("utf-8"))
    for name in kustomization["resources"]:
        yield from yaml.safe_load_all((DEPLOY / folder / name).read_text("utf-8"))


OBJECTS = {
    f"{folder}/{each['kind']}/{each['metadata']['name']}": each
    for folder in _FOLDERS
    for each in _manifests(folder)
}
PODS = {
    name: each["spec"]["template"] for name, each in OBJECTS.items() if "template" in each["spec"]
}


@pytest.mark.parametrize("version", [all_versions()[0], all_versions()[-1]])
@pytest.mark.parametrize("name", OBJECTS)
def test_kubernetes_api_knows_every_field_and_value(name: str, version: str) -> None:
    """Its published schemas, in their strict form: a field that is not in them is a mistake."""
    validate(OBJECTS[name], version, strict=True)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("spec", "minReplica"), 2),
        (("spec", "maxReplicas"), "10"),
        (("spec", "metrics", 0, "resource", "target", "averageUtilisation"), 70),
    ],
)
def test_a_mistake_in_a_manifest_is_found(path: tuple[Any, ...], value: object) -> None:
    broken = deepcopy(OBJECTS["kubernetes/HorizontalPodAutoscaler/backend"])
    *steps, last = path
    node: Any = broken
    for step in steps:
        node = node[step]
    node[last] = value
    with pytest.raises(ValidationError):
        validate(broken, all_versions()[-1], strict=True)


@pytest.mark.parametrize("name", PODS)
def test_pods_have_no_rights_they_do_not_need(name: str) -> None:
    pod = PODS[name]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert isinstance(pod["securityContext"]["runAsUser"], int), "an image's user may be a name"
    volumes = {volume["name"] for volume in pod.get("volumes", [])}
    for container in pod["containers"]:
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert container["resources"].keys() == {"requests", "limits"}
        assert {mount["name"] for mount in container.get("volumeMounts", [])} == volumes


def test_selectors_find_the_pods_they_are_for() -> None:
    labels = [pod["metadata"]["labels"] for pod in PODS.values()]
    for name, each in OBJECTS.items():
        selector = each["spec"].get("selector")
        if selector is not None:
            wanted = selector.get("matchLabels", selector)
            assert wanted in labels, name


def test_the_deployment_probes_what_the_app_has_and_stops_in_time() -> None:
    spec = PODS["kubernetes/Deployment/backend"]["spec"]
    (container,) = spec["containers"]
    asked = {
        probe: container[probe]["httpGet"]["path"]
        for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert asked == {
        "startupProbe": "/startup",
        "readinessProbe": "/ready",
        "livenessProbe": "/health",
    }
    assert set(asked.values()) <= _PROBES
    settings = _literals()
    waits = int(container["lifecycle"]["preStop"]["exec"]["command"][1])
    assert spec["terminationGracePeriodSeconds"] > waits + int(settings["GRACEFUL_TIMEOUT"])
    assert settings["PROMETHEUS_MULTIPROC_DIR"] in {
        mount["mountPath"] for mount in container["volumeMounts"]
    }
    (port,) = container["ports"]
    assert settings["BIND"].endswith(f":{port['containerPort']}")


def test_the_autoscaler_has_the_blueprint_s_upper_thresholds_of_what_is_allowed() -> None:
    spec = OBJECTS["kubernetes/HorizontalPodAutoscaler/backend"]["spec"]
    assert (spec["minReplicas"], spec["maxReplicas"]) == (_FEWEST, _MOST)
    targets = {
        metric["resource"]["name"]: metric["resource"]["target"]["averageUtilization"]
        for metric in spec["metrics"]
    }
    assert targets == {"cpu": _CPU, "memory": _MEMORY}
    behaviour = spec["behavior"]
    assert behaviour["scaleUp"]["stabilizationWindowSeconds"] == _UP_S
    assert behaviour["scaleDown"]["stabilizationWindowSeconds"] == _DOWN_S
    assert OBJECTS[f"kubernetes/{spec['scaleTargetRef']['kind']}/{spec['scaleTargetRef']['name']}"]
    # Utilisation is of what is requested.
    (container,) = PODS["kubernetes/Deployment/backend"]["spec"]["containers"]
    assert container["resources"]["requests"] == container["resources"]["limits"]


def test_settings_are_known_and_all_that_is_required_is_named() -> None:
    assert _literals().keys() <= _variables()
    text = (DEPLOY / "kubernetes/kustomization.yaml").read_text("utf-8")
    for name in _required():
        assert name in text


def test_load_in_the_cluster_goes_to_the_cluster_s_own_pods_by_a_locust_like_ours() -> None:
    (master,) = PODS["kubernetes/load/Job/locust-master"]["spec"]["containers"]
    (worker,) = PODS["kubernetes/load/Job/locust-worker"]["spec"]["containers"]
    backend = OBJECTS["kubernetes/Service/backend"]
    assert f"--host=http://backend:{backend['spec']['ports'][0]['port']}" in master["args"]
    assert "--master-host=locust-master" in worker["args"]
    assert OBJECTS["kubernetes/load/Service/locust-master"]
    workers = OBJECTS["kubernetes/load/Job/locust-worker"]["spec"]["parallelism"]
    assert f"--expect-workers={workers}" in master["args"]
    kustomization = yaml.safe_load(
        (DEPLOY / "kubernetes/load/kustomization.yaml").read_text("utf-8")
    )
    lock = (CHECKOUT / "requirements.lock").read_text("utf-8")
    assert f"\nlocust=={kustomization['images'][0]['newTag']} " in lock


def test_the_load_s_locustfile_runs(tmp_path: Path) -> None:
    """Locust reads it and lists its tasks; that needs no cluster."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "locust", "--show-task-ratio"),
            *("--locustfile", str(DEPLOY / "kubernetes/load/locustfile.py")),
        ],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "look_at_companies" in done.stdout


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", _FOLDERS)
def test_kustomize_puts_it_together(folder: str) -> None:
    done = subprocess.run(
        ["kubectl", "kustomize", str(DEPLOY / folder)], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    # The generated settings beside the objects; every image with its tag.
    assert len(built) == len(list(_manifests(folder))) + 1
    for image in re.findall(r"image: (\S+)", done.stdout):
        assert image.partition(":")[2] not in {"", "latest"}, image


def _literals() -> dict[str, str]:
    document = yaml.safe_load((DEPLOY / "kubernetes/kustomization.yaml").read_text("utf-8"))
    (generator,) = document["configMapGenerator"]
    return dict(literal.split("=", 1) for literal in generator["literals"])
