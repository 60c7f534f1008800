"""The sandbox: what a learner's code can see, use and leave behind, tried from inside with a real kernel."""

import json
import os
import secrets
import shutil
import socket
import struct
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from conftest import ROOT, call
from hypothesis import given
from hypothesis import strategies as st
from jupyter_client.manager import KernelManager

from labwright.grading.sandbox import Limits, backends, containers, probe, reason_file, spec, syscalls, view, warm, watch
from scratchlab.errors import ScratchlabError

needs_bubblewrap = pytest.mark.skipif(not shutil.which("bwrap"), reason="needs bubblewrap (apt-get install bubblewrap)")
LAB = "nn-perceptron"
COLD, WARM = "scratchlab-sandbox", "scratchlab-sandbox-warm"
SECRET = f"secret-{secrets.token_hex(8)}"


class Sandbox:
    """A sandboxed kernel, as the judge starts it; a context manager. Keywords are limits."""

    kernelspec = COLD

    def __init__(self, **limits: int):
        self.run = warm.run_folder()
        self.limits = {f"LABWRIGHT_SANDBOX_{name.upper()}": str(value) for name, value in limits.items()}

    def __enter__(self) -> "Sandbox":
        self.judge = socket.socket(socket.AF_UNIX)
        self.judge.bind(str(self.run / "judge.sock"))
        self.judge.listen()
        given = {"LABWRIGHT_SANDBOX_LAB": LAB, "LABWRIGHT_SANDBOX_BACKEND": "bubblewrap", "JUPYTER_PATH": str(ROOT / "grading")}
        os.environ["JUPYTER_PATH"] = given["JUPYTER_PATH"]
        given["LABWRIGHT_WARM"] = "import torch"
        self.manager = KernelManager(kernel_name=self.kernelspec, transport="ipc", ip=f"{self.run}/ipc")
        self.manager.connection_file = f"{self.run}/kernel.json"
        self.manager.start_kernel(env=os.environ | given | self.limits | {"A_SECRET": SECRET}, cwd=str(self.run))
        self.client = self.manager.client()
        self.client.start_channels()
        self.client.wait_for_ready(timeout=60)
        return self

    def __exit__(self, *_) -> None:
        self.client.stop_channels()
        if self.manager.has_kernel:
            self.manager.shutdown_kernel()
        self.judge.close()
        shutil.rmtree(self.run)
        reason_file(self.run).unlink(missing_ok=True)

    def __call__(self, code: str) -> str:
        """What the code prints; an exception's name if it raises one."""
        said = []

        def hear(message):
            content = message["content"]
            said.append(content.get("text") or content.get("ename") or "")

        self.client.execute_interactive(textwrap.dedent(code), timeout=60, output_hook=hear)
        return "".join(said).strip()

    def why_ended(self, code: str) -> str:
        """Run code that ends the kernel; returns the reason that was written down."""
        self.client.execute(textwrap.dedent(code))
        assert until(lambda: not self.manager.is_alive())
        return reason_file(self.run).read_text()


def until(condition, seconds: float = 30) -> bool:
    """Wait for a condition."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def command_lines() -> list[str]:
    """Of all processes of this machine that we may see."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            lines.append(path.read_bytes().decode(errors="replace"))
        except OSError:
            continue
    return lines


@pytest.fixture(scope="module", params=[COLD, WARM])
def kernelspec(request):
    """Every promise holds for kernels started alone and for forked ones."""
    Sandbox.kernelspec = request.param
    yield request.param
    Sandbox.kernelspec = COLD


@pytest.fixture(scope="module")
def inside(kernelspec):
    """One kernel for all that does not end it."""
    with Sandbox(folder_mb=32) as kernel:
        yield kernel


@needs_bubblewrap
class TestInside:
    def test_labs_run(self, inside):
        said = inside(f"""
            import torch, numpy, matplotlib.pyplot as plt
            from scratchlab import start
            lab = start("{LAB}")
            print(lab.profile, float(torch.ones(3).sum()), torch.get_num_threads())
        """)
        assert said.endswith("cpu 3.0 1")

    def test_no_network(self, inside):
        abstract = socket.socket(socket.AF_UNIX)
        abstract.bind(f"\0{SECRET}")
        abstract.listen()
        with abstract, socket.create_server(("127.0.0.1", 0)) as server:
            said = inside(f"""
                import socket
                def reach(family, address):
                    with socket.socket(family) as made:
                        made.settimeout(5)
                        try:
                            made.connect(address)
                            return "reached"
                        except OSError as error:
                            return type(error).__name__
                print(reach(socket.AF_INET, ("127.0.0.1", {server.getsockname()[1]})), reach(socket.AF_INET, ("1.1.1.1", 53)))
                print(reach(socket.AF_UNIX, "\\0{SECRET}"), [name for _, name in socket.if_nameindex()])
            """)
        assert said.split() == ["ConnectionRefusedError", "OSError", "ConnectionRefusedError", "['lo']"]

    def test_the_judge_is_reached_through_the_run_folder(self, inside):
        inside(f"import socket; s = socket.socket(socket.AF_UNIX); s.connect('{inside.run}/judge.sock'); s.sendall(b'hello'); s.close()")
        connection, _ = inside.judge.accept()
        with connection:
            assert connection.recv(100) == b"hello"

    def test_sees_no_checks_no_solutions_no_grading(self, inside):
        said = inside("""
            import os
            for folder, folders, files in os.walk("/"):
                folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/usr")]
                for name in files:
                    if name in ("checks.py", "lab.py", "lab.yml", "nbgrader_config.py", "gradebook.db", "records.py"):
                        print(os.path.join(folder, name))
        """)
        ours = [line for line in said.splitlines() if "site-packages" not in line]
        assert set(ours) == {str(ROOT / "src" / "scratchlab" / "checks.py"), f"/labs/{LAB}/lab.yml"}

    def test_sees_neither_home_nor_the_graders_package(self, inside):
        said = inside(f"""
            import importlib.util, os
            print(importlib.util.find_spec("labwright"), os.path.expanduser("~"), os.listdir("/labs"))
            for path in ("{ROOT}/labs", "{ROOT}/grading", "{ROOT}/.git", "/home", "/var", "/run", "/sys", "/mnt", "/etc/shadow"):
                print(os.path.exists(path), end=" ")
            held = [name for name in os.listdir("{Path.home()}") if name not in {[part for part in Path(sys.base_prefix).parts]!r}] \\
                if os.path.isdir("{Path.home()}") else []
            print(held)
        """)
        assert said.split("\n")[0] == f"None /tmp ['{LAB}']"
        assert said.split("\n")[1].strip() == "False " * 9 + "[]"

    def test_sees_no_process_and_no_variable_of_the_host(self, inside):
        said = inside("""
            import os, glob
            print(len([name for name in os.listdir("/proc") if name.isdigit()]) < 6)
            held = b""
            for path in glob.glob("/proc/[0-9]*/environ"):
                try:
                    held += open(path, "rb").read()
                except PermissionError:
                    pass
            print(b"secret-" in held, "JPY_PARENT_PID" in os.environ, os.environ["PATH"].endswith("/bin:/usr/bin:/bin"))
        """)
        assert said.split() == ["True", "False", "False", "True"]

    def test_inherits_no_file_of_the_host(self, inside):
        said = inside("""
            import os
            for number in os.listdir("/proc/self/fd"):
                try:
                    print(os.readlink(f"/proc/self/fd/{number}").split(":")[0])
                except OSError:
                    pass
        """)
        assert {line for line in said.splitlines() if line.startswith("/")} <= {"/dev/null", "/proc/self/fd", "/dev/urandom"} | {
            line for line in said.splitlines() if line.startswith(("/proc/", "/tmp/"))
        }

    def test_writes_only_to_its_private_folders(self, inside):
        said = inside(f"""
            import os
            def writable(folder):
                try:
                    path = os.path.join(folder, "tried")
                    open(path, "w").close()
                    os.remove(path)
                    return True
                except OSError:
                    return False
            print([place for place in ("/tmp", "/work", "/dev/shm", "{inside.run}", "/", "/usr", "/etc", "/dev", "/labs", "/labs/{LAB}",
                   "/data", "/sandbox", "/usr/share/fonts", "{sys.prefix}", "{ROOT}/src/scratchlab") if writable(place)])
            print(os.getcwd())
            open("{inside.run}/kernel.json", "a")
        """)
        assert said.splitlines() == ["['/tmp', '/work', '/dev/shm']", "/work", "OSError"]

    def test_cannot_get_privileges(self, inside):
        said = inside("""
            import ctypes, os
            libc = ctypes.CDLL(None, use_errno=True)
            status = dict(line.split(":", 1) for line in open("/proc/self/status"))
            print(os.getuid() == 0, {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")},
                  status["NoNewPrivs"].strip(), status["Seccomp"].strip())
            print(libc.unshare(0x10000000), libc.mount(b"t", b"/tmp", b"tmpfs", 0, None), libc.umount2(b"/proc", 2),
                  libc.clone(None, None, 0x10000000 | 17, None), libc.setresuid(0, 0, 0) if os.getuid() else None)
            for attempt in (lambda: os.memfd_create("x"), lambda: open("/proc/sys/kernel/hostname", "w"), lambda: os.chroot("/tmp")):
                try:
                    print(attempt())
                except OSError:
                    print("no", end=" ")
        """)
        assert said.splitlines() == ["False {0} 1 2", "-1 -1 -1 -1 -1", "no no no"]

    def test_private_folders_are_small(self, inside):
        said = inside("""
            import os
            for folder in ("/tmp", "/work", "/dev/shm"):
                try:
                    with open(f"{folder}/large", "wb") as out:
                        for _ in range(64):
                            out.write(bytes(1 << 20))
                except OSError as error:
                    print(error.strerror)
                os.remove(f"{folder}/large")
        """)
        assert said.splitlines() == ["No space left on device"] * 3

    def test_a_fork_bomb_is_contained(self, inside):
        said = inside("""
            import os, time, signal
            me = os.getpid()
            try:
                while True:
                    os.fork()
            except OSError as error:
                if os.getpid() != me:
                    time.sleep(60)
                    os._exit(0)
                print(type(error).__name__, len([name for name in os.listdir("/proc") if name.isdigit()]) <= 64)
            while others := [int(name) for name in os.listdir("/proc") if name.isdigit() and int(name) not in (1, me)]:
                for number in others:
                    try:
                        os.kill(number, signal.SIGKILL)
                        os.waitpid(number, os.WNOHANG)
                    except OSError:
                        pass
        """)
        assert said == "BlockingIOError True"
        assert inside("print(6 * 7)") == "42"

    def test_an_endless_loop_is_interrupted(self, inside):
        def stop(message):
            if message["msg_type"] == "stream":  # it runs now
                inside.manager.interrupt_kernel()

        reply = inside.client.execute_interactive("print('on and on')\nwhile True: pass", timeout=60, output_hook=stop)
        assert reply["content"]["ename"] == "KeyboardInterrupt"
        assert inside("print(6 * 7)") == "42"

    def test_two_sandboxes_do_not_meet(self, inside):
        inside("open('/tmp/mine', 'w').close(); open('/dev/shm/mine', 'w').close()")
        with Sandbox() as other:
            said = other(
                f"import os; print(os.listdir('/dev/shm'), os.path.exists('/tmp/mine'), os.path.exists('{inside.run}'), os.getuid())"
            )
            *seen, user = said.split()
            assert seen == ["[]", "False", "False"]
            assert os.getuid() or user != inside("import os; print(os.getuid())")  # root gives each an id of its own


@needs_bubblewrap
@pytest.mark.usefixtures("kernelspec")
class TestEndings:
    def test_what_forked_processes_share_counts_once_and_hoarders_are_ended(self):
        with Sandbox(memory_mb=400) as kernel:
            said = kernel("""
                import os, time
                held = b"x" * (150 << 20)
                children = []
                for _ in range(4):
                    if (child := os.fork()) == 0:
                        time.sleep(60)
                        os._exit(0)
                    children.append(child)
                time.sleep(1.5)
                print("alive")
            """)
            assert said == "alive"
            reason = kernel.why_ended("more = b'x' * (600 << 20); time.sleep(60)")
        assert "GB of memory" in reason and "0.391 GB are allowed" in reason

    def test_files_in_private_folders_are_memory(self):
        with Sandbox(memory_mb=300, folder_mb=500) as kernel:
            assert "GB of memory" in kernel.why_ended("open('/dev/shm/large', 'wb').write(bytes(400 << 20)); import time; time.sleep(60)")

    def test_too_long(self):
        with Sandbox(wall_seconds=2) as kernel:
            assert "longer than 2 seconds" in kernel.why_ended("import time; time.sleep(60)")

    def test_too_much_processor_time(self):
        with Sandbox(cpu_seconds=2) as kernel:
            assert "more than 2 seconds of processor time" in kernel.why_ended("while True: pass")

    def test_a_kernel_that_ends_itself_has_no_reason(self):
        with Sandbox() as kernel:
            kernel.client.execute("import os; os._exit(7)")
            assert until(lambda: not kernel.manager.is_alive())
            assert kernel.manager.provisioner.process.returncode == 7
            assert not reason_file(kernel.run).exists()

    @pytest.mark.parametrize("hard", [False, True])
    def test_daemons_end_too(self, hard):
        marker = f"marker-{secrets.token_hex(8)}"
        with Sandbox() as kernel:
            kernel(f"""
                import os, signal
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                            signal.signal(number, signal.SIG_IGN)
                        os.execv("/usr/bin/sleep", ["{marker}", "300"])
                    os._exit(0)
            """)
            assert until(lambda: any(marker in line for line in command_lines()))
            kernel.manager.shutdown_kernel(now=hard)  # now: the guard is killed and can do nothing
            assert until(lambda: not any(marker in line for line in command_lines()))
            assert until(lambda: not any(str(kernel.run) in line for line in command_lines()))

    def test_a_kernel_does_not_outlive_the_judge(self):
        judge = "import time; from test_sandbox import Sandbox; print(Sandbox().__enter__().run, flush=True); time.sleep(300)"
        with subprocess.Popen([sys.executable, "-c", judge], cwd=Path(__file__).parent, stdout=subprocess.PIPE, text=True) as process:
            run = process.stdout.readline().strip()
            assert any(run in line for line in command_lines())
            process.kill()
        assert until(lambda: not any(run in line for line in command_lines()))
        shutil.rmtree(run)

    def test_a_kernel_starts_again_in_the_same_folder(self):
        with Sandbox() as kernel:
            kernel.manager.restart_kernel(now=True)
            kernel.client.wait_for_ready(timeout=60)
            assert kernel("print(6 * 7)") == "42"


@needs_bubblewrap
@pytest.mark.skipif(os.getuid() != 0, reason="the tests above ran as an ordinary user already")
def test_an_ordinary_user_is_as_safe(tmp_path):
    # Python may live in root's home: show it to the user, at the same place, in a view of their own.
    home, python = Path.home(), Path(sys.base_prefix).resolve()
    shown = ["--perms", "0755", "--tmpfs", str(home)]
    for parent in [parent for parent in reversed(python.parents) if parent.is_relative_to(home)]:
        shown += ["--perms", "0755", "--dir", str(parent)]
    folder = Path(tempfile.mkdtemp(prefix="sandbox-user-"))
    folder.chmod(0o777)
    chosen = "privileges or writes or network or judge or bomb or variable or hoarders or (daemons and True)"
    try:
        done = call(
            *("bwrap", "--dev-bind", "/", "/", *shown, "--ro-bind", python, python, "--"),
            *("setpriv", "--reuid", "54321", "--regid", "54321", "--clear-groups", "--bounding-set=-all"),
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", __file__, "-k", chosen),
            **{"HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "PYTEST_ADDOPTS": None},
            PYTEST_XDIST_WORKER=None,
        )
    finally:
        shutil.rmtree(folder)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "18 passed" in done.stdout and "skipped" not in done.stdout


def test_what_a_killed_process_left_is_removed_by_the_next():
    script = "import sys, time; from labwright.grading.sandbox import warm; print(warm.runs(), flush=True); time.sleep(float(sys.argv[1]))"

    def start(seconds: int) -> subprocess.Popen:
        return subprocess.Popen([sys.executable, "-c", script, str(seconds)], cwd=ROOT, stdout=subprocess.PIPE, text=True)

    with start(300) as killed, start(300) as alive:
        folders = [Path(process.stdout.readline().strip()) for process in (killed, alive)]
        killed.kill()
        killed.wait()
        assert all(folder.is_dir() for folder in folders)
        with start(0) as third:
            assert not Path(third.communicate()[0].strip()).exists()
        assert [folder.is_dir() for folder in folders] == [False, True]
        alive.kill()


class TestStart:
    def connection(self, tmp_path, **other) -> Path:
        path = tmp_path / "kernel.json"
        ports = dict(zip(("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"), range(1, 6), strict=True))
        path.write_text(json.dumps({"transport": "ipc", "ip": f"{tmp_path}/ipc", "key": "", **ports} | other))
        return path

    def test_addresses(self, tmp_path):
        assert spec.addresses(self.connection(tmp_path)) == [f"ipc://{tmp_path}/ipc-{number}" for number in range(1, 6)]

    @pytest.mark.parametrize("other", [{"transport": "tcp", "ip": "127.0.0.1"}, {"ip": "/elsewhere/ipc"}])
    def test_refuses_what_cannot_be_reached(self, tmp_path, other):
        with pytest.raises(ScratchlabError, match="transport 'ipc' and a folder of its own"):
            spec.addresses(self.connection(tmp_path, **other))

    def test_refuses_a_folder_with_other_kernels(self, tmp_path):
        (tmp_path / "kernel-2.json").write_text("{}")
        with pytest.raises(ScratchlabError, match="folder of its own"):
            spec.addresses(self.connection(tmp_path))

    def test_no_backend_no_kernel(self, tmp_path):
        run = tmp_path / "run"
        run.mkdir()
        done = subprocess.run(
            [sys.executable, "-m", "labwright.grading.sandbox", "-f", self.connection(run)],
            env=os.environ | {"PATH": str(tmp_path), "LABWRIGHT_SANDBOX_BACKEND": ""},
            capture_output=True,
            text=True,
            cwd=ROOT,
        )
        assert done.returncode == 1 and "none works here" in done.stderr and "Traceback" not in done.stderr
        assert "none works here" in reason_file(run).read_text()

    @needs_bubblewrap
    def test_a_kernel_that_cannot_start_says_why(self, tmp_path):
        run = tmp_path / "run"
        run.mkdir()
        environment = {"LABWRIGHT_SANDBOX_BACKEND": "bubblewrap", "LABWRIGHT_SANDBOX_ADDRESS_MB": "20"}
        done = call(sys.executable, "-m", "labwright.grading.sandbox", "-f", self.connection(run), **environment)
        assert done.returncode != 0
        assert reason_file(run).read_text().startswith("The sandbox did not start:")

    def test_unknown_lab(self, monkeypatch):
        with pytest.raises(ScratchlabError, match=f"Did you mean {LAB}"):
            view.mounts("nn-perceptrom")


class TestProbe:
    def test_says_why_each_does_not_work(self, tmp_path, monkeypatch):
        docker = tmp_path / "docker"
        docker.write_text("#!/bin/sh\necho 'is the docker daemon running?' >&2\nexit 1\n")
        docker.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        with pytest.raises(ScratchlabError) as caught:
            probe.__wrapped__()
        said = str(caught.value)
        assert "bubblewrap: bwrap was not found" in said and "podman: podman was not found" in said
        assert "docker: is the docker daemon running?" in said and "apt-get install bubblewrap" in said

    @needs_bubblewrap
    def test_finds_bubblewrap(self):
        assert probe.__wrapped__().name == "bubblewrap"

    @needs_bubblewrap
    def test_the_command(self):
        assert call(sys.executable, "-m", "labwright.grading.sandbox", "--probe").stdout == "bubblewrap\n"

    def test_unknown_backend(self, monkeypatch):
        monkeypatch.setenv("LABWRIGHT_SANDBOX_BACKEND", "dokcer")
        with pytest.raises(ScratchlabError, match="Did you mean docker"):
            backends.chosen()


class TestContainers:
    def test_command(self):
        mounts = (view.Mount(Path("/usr"), Path("/usr")), view.Mount(Path("/usr/share/fonts"), None))
        asked = spec.Spec(Path("/tmp/run"), ("python", "x"), Limits(memory_mb=100, processes=7, wall_seconds=9), 1234, mounts)
        argv = containers.command("/usr/bin/docker", "a-name", asked)
        words = " ".join(argv)
        for part in ("--network none", "--read-only ", "--cap-drop all", "no-new-privileges", "--pids-limit 7", "--memory 100m"):
            assert part in words
        assert "--user 1234:1234" in words and "--name a-name" in words and "--pull never" in words
        binds = [word for word in argv if word.startswith("type=bind")]
        assert [word for word in binds if not word.endswith(",readonly")] == ["type=bind,source=/tmp/run,target=/tmp/run"]
        assert any(word.startswith("/usr/share/fonts:") for word in argv)
        assert argv[argv.index(containers.IMAGE) + 1 :][:3] == ["timeout", "--kill-after=2", "9"] and argv[-2:] == ["python", "x"]
        assert "userns" not in words and "read-only-tmpfs" in " ".join(containers.command("/usr/bin/podman", "a-name", asked))

    def test_the_image_holds_nothing(self, tmp_path, monkeypatch):
        engine = tmp_path / "podman"
        engine.write_text(f"#!/bin/sh\n[ $1 = image ] && exit 1\n/usr/bin/cat > {tmp_path}/image.tar\n")
        engine.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path))
        launch = containers.launch("podman", spec.Spec(tmp_path, ("true",), Limits(), 1, ()))
        assert launch.argv[0] == str(engine) and launch.remove[:3] == (str(engine), "rm", "--force")
        with tarfile.open(tmp_path / "image.tar") as image:
            assert all(entry.isdir() or entry.issym() for entry in image) and "usr" in image.getnames()


class TestView:
    def test_an_installed_package_shows_neither_checks_nor_graders(self, tmp_path, monkeypatch):
        site = tmp_path / "env" / "site-packages"
        for folder in ("scratchlab/labs", "labwright"):
            (site / folder).mkdir(parents=True)
        monkeypatch.setattr(view.scratchlab, "__file__", str(site / "scratchlab" / "__init__.py"))
        monkeypatch.setattr(view.labwright, "__file__", str(site / "labwright" / "__init__.py"))
        monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
        shown = view.mounts(None)
        hidden = {mount.inside for mount in shown if mount.host is None}
        assert {site / "scratchlab" / "labs", site / "labwright"} <= hidden
        order = [mount.inside for mount in shown]
        assert all(order.index(parent) < place for place, path in enumerate(order) for parent in path.parents if parent in order)

    @pytest.mark.parametrize("folder", [Path.home(), ROOT, ROOT.parent])
    def test_refuses_a_python_whose_folder_holds_what_must_be_hidden(self, folder, monkeypatch):
        monkeypatch.setattr(sys, "prefix", str(folder))
        with pytest.raises(ScratchlabError, match="folder of its own"):
            view.mounts(None)

    def test_the_environment_is_ours(self, monkeypatch):
        monkeypatch.setenv("MPLBACKEND", "agg")
        monkeypatch.setenv("GITHUB_TOKEN", "x")
        monkeypatch.setenv("PYTHONPATH", "/somewhere")
        made = view.environment()
        assert made["MPLBACKEND"] == "agg" and made["OMP_NUM_THREADS"] == "1"
        assert not {"GITHUB_TOKEN", "PYTHONPATH"} & set(made)


class TestLimits:
    def test_from_environment(self, monkeypatch):
        monkeypatch.setenv("LABWRIGHT_SANDBOX_MEMORY_MB", "77")
        assert Limits.from_environment() == Limits(memory_mb=77)

    @pytest.mark.parametrize("text", ["", "0", "-1", "3GB", "1.5"])
    def test_wrong_values_are_not_ignored(self, text, monkeypatch):
        monkeypatch.setenv("LABWRIGHT_SANDBOX_MEMORY_MB", text)
        with pytest.raises(ScratchlabError, match="LABWRIGHT_SANDBOX_MEMORY_MB"):
            Limits.from_environment()

    def test_never_asks_for_more_than_there_is(self, monkeypatch):
        monkeypatch.setattr("resource.getrlimit", lambda number: (10, 10))
        assert "--nofile=10:10" in Limits().command(count_processes=True)

    def test_root_in_a_small_container_takes_an_id_that_exists(self, monkeypatch, tmp_path):
        (tmp_path / "uid_map").write_text("         0     100000      65536\n")
        monkeypatch.setattr(spec, "UID_MAP", tmp_path / "uid_map")
        monkeypatch.setattr(os, "getuid", lambda: 0)
        assert all(1000 < spec.unprivileged() < 65534 for _ in range(100))


def judge(program: bytes, arch: int, number: int, argument: int) -> int:
    """What the filter answers to a system call: the few instructions that it is made of, interpreted."""
    steps = list(struct.iter_unpack("<HBBI", program))
    data = struct.pack("<iIQQ", number, arch, 0, argument)
    value, place = 0, 0
    while True:
        code, yes, no, constant = steps[place]
        place += 1
        if code == syscalls.RETURN:
            return constant
        if code == syscalls.LOAD:
            (value,) = struct.unpack_from("<I", data, constant)
        else:
            holds = {
                syscalls.JUMP_IF_EQUAL: value == constant,
                syscalls.JUMP_IF_AT_LEAST: value >= constant,
                syscalls.JUMP_IF_BITS: bool(value & constant),
            }
            place += yes if holds[code] else no


class TestSystemCalls:
    @given(machine=st.sampled_from(list(syscalls.NUMBERS)), number=st.integers(0, 600), argument=st.integers(0, 2**32 - 1))
    def test_the_filter_lacks_what_is_listed_and_nothing_else(self, machine, number, argument):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("platform.machine", lambda: machine)
            program = syscalls.program()
        answer = judge(program, syscalls.ARCHITECTURE[machine], number, argument)
        lacking = number in syscalls.NUMBERS[machine].values() or (number == syscalls.CLONE[machine] and argument & syscalls.NEW_NAMESPACE)
        assert answer == (syscalls.LACKING if lacking else syscalls.ALLOW)

    def test_other_tables_of_calls_are_closed(self, monkeypatch):
        monkeypatch.setattr("platform.machine", lambda: "x86_64")
        assert judge(syscalls.program(), 0x40000003, 1, 0) == syscalls.KILL  # 32-bit
        assert judge(syscalls.program(), syscalls.ARCHITECTURE["x86_64"], syscalls.X32 | 1, 0) == syscalls.KILL

    def test_an_unknown_processor_is_refused(self, monkeypatch):
        monkeypatch.setattr("platform.machine", lambda: "sparc64")
        with pytest.raises(ScratchlabError, match="sparc64"):
            syscalls.program()


def test_folder_usage_follows_no_links_and_stops_counting(tmp_path):
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / "deep" / "deeper" / "file").write_bytes(b"x" * 100_000)
    (tmp_path / "link").symlink_to("/usr")
    size, count = watch.folder_usage(tmp_path)
    assert 100_000 <= size < 200_000 and count == 4
    for number in range(watch.MANY_FILES + 5):
        (tmp_path / str(number)).touch()
    assert watch.folder_usage(tmp_path)[1] == watch.MANY_FILES + 1
