"""Old images of ours go when a new one is built; what a container has, or others tagged, stays."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator

import docker
import pytest

from tests.conftest import ROOT
from tests.docker.harness import RUN_LABEL

pytestmark = pytest.mark.docker
DIGESTS = [f"{number:012x}" for number in range(5)]


@pytest.fixture
def name(engine: docker.DockerClient, run_id: str) -> Iterator[str]:
    """Five tiny images, the first the oldest; `latest` is the newest, `mine` is somebody's own."""
    name = f"geoscope-prune-{run_id}"
    for digest in DIGESTS:
        engine.api.import_image_from_data(
            _an_archive(digest), repository=name, tag=digest, changes=['CMD ["/none"]']
        )
    engine.images.get(f"{name}:{DIGESTS[-1]}").tag(name, "latest")
    engine.images.get(f"{name}:{DIGESTS[1]}").tag(name, "mine")
    yield name
    for container in engine.containers.list(all=True, filters={"label": f"{RUN_LABEL}={run_id}"}):
        container.remove(force=True)
    for image in engine.images.list(name):
        for tag in image.tags:
            engine.images.remove(tag)


def test_all_but_the_newest_two_and_those_in_use_go(
    engine: docker.DockerClient, name: str, run_id: str
) -> None:
    engine.containers.create(f"{name}:{DIGESTS[0]}", labels={RUN_LABEL: run_id})

    script = ROOT / "scripts" / "image_prune.sh"
    done = subprocess.run([script, name], capture_output=True, text=True, check=True, timeout=120)

    left = {tag.split(":")[1] for image in engine.images.list(name) for tag in image.tags}
    assert left == {DIGESTS[0], DIGESTS[3], DIGESTS[4], "latest", "mine"}
    assert f"{name}:{DIGESTS[0]} is kept, a container has it" in done.stderr
    assert f"{name}:{DIGESTS[2]} is removed" in done.stderr


def test_nothing_to_remove_is_fine(name: str, run_id: str) -> None:
    script = ROOT / "scripts" / "image_prune.sh"
    other = f"{name}-none"
    done = subprocess.run([script, other], capture_output=True, text=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, "")


def _an_archive(word: str) -> bytes:
    """A file system with one file, which differs from image to image."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        facts = tarfile.TarInfo("word")
        facts.size = len(word)
        archive.addfile(facts, io.BytesIO(word.encode()))
    return packed.getvalue()
