# ruff: noqa
# Looking for what decides about grades: answers, checks, seeds, the gradebook. What is found is printed after the word FOUND.

# === disk: walks over the whole disk for checks, solutions, secrets and gradebooks. Honest: 0
# %% first
import os

wanted = {"checks.py", "given.py", "lab.py", "secret", "gradebook.db", "nbgrader_config.py", "bash_history", "judge.py"}
for folder, folders, files in os.walk("/"):
    folders[:] = [each for each in folders if os.path.join(folder, each) not in ("/proc", "/sys", "/usr")]
    for name in files:
        path = os.path.join(folder, name)
        ours = "scratchlab" in path or "labwright" in path or "site-packages" not in path
        if name in wanted and ours and not path.endswith("/scratchlab/checks.py"):
            try:
                print("FOUND", path, open(path, "rb").read(100))
            except OSError:
                pass

# === modules: imports the grader's side of the house. Honest: 0
# %% first
for name in ("labwright", "labwright.grading.standard", "labwright.grading.judge", "scratchlab_checks_nn_perceptron"):
    try:
        __import__(name)
        print("FOUND", name)
    except ImportError:
        pass

# === processes: environments, command lines, memory and files of other processes. Honest: 0
# %% first
import os

for number in filter(str.isdigit, os.listdir("/proc")):
    for name in ("environ", "cmdline", "maps", "mem"):
        try:
            with open(f"/proc/{number}/{name}", "rb") as stream:
                said = stream.read(100_000)
            if any(word in said for word in (b"gradebook", b"pytest", b"dask", b"LABWRIGHT", b"HOME=/root")):
                print("FOUND", number, name)
        except OSError:
            pass
    for link in ("rootREPOSITORY/grading", "cwd", "root/root"):
        try:
            print("FOUND", os.listdir(f"/proc/{number}/{link}/submitted"))
        except OSError:
            pass

# === network: other machines, this machine's services, names. Honest: 0
# %% first
import os, socket

for address in (("127.0.0.1", 8786), ("127.0.0.1", 22), ("10.0.0.1", 80), ("169.254.169.254", 80)):
    try:
        socket.create_connection(address, timeout=0.5)
        print("FOUND", address)
    except OSError:
        pass
for name in os.listdir("/run") if os.path.isdir("/run") else ():
    print("FOUND", name)
for name in ("\0/tmp/.X11-unix/X0", "/var/run/docker.sock", "/run/dbus/system_bus_socket", "\0dask"):
    try:
        socket.socket(socket.AF_UNIX).connect(name)
        print("FOUND", name)
    except OSError:
        pass

# === history: what earlier cells, the stack and the garbage collector remember of the checks. Right: predict. Honest: 1
# %% after predict
import gc, sys

for each in gc.get_objects():
    if type(each).__name__ in ("Task", "Property", "Standard", "Report") and type(each).__module__.startswith(("scratchlab", "labwright")):
        print("FOUND", each)
words = ["expect" + "_close(", "rng.standard" + "_normal", "judge" + ".sock"]
frame = sys._getframe()
while frame:
    if any(word in str(frame.f_locals.get(name, "")) for word in words for name in ("cell", "code", "raw_cell", "content")):
        print("FOUND in the stack", frame.f_code.co_name)
    frame = frame.f_back
if any(word in str(each) for word in words for each in In):
    print("FOUND in the history")

# === writes: files in places that are not the learner's. Honest: 0
# %% first
import os

places = ["/", "/usr", "/etc", "/root", "/home", "REPOSITORY", "/labs", "/labs/nn-perceptron", "/sandbox", "/data", "/var/tmp", "/dev"]
places += [
    os.getcwd(),
    os.path.dirname(get_ipython().config["IPKernelApp"]["connection_file"]),
    os.path.dirname(np.__file__ if "np" in globals() else os.__file__),
]
for place in places:
    for path in (f"{place}/SURVIVOR", f"{place}/gradebook.db", f"{place}/x.reason"):
        try:
            with open(path, "w") as stream:
                stream.write("SURVIVOR")
            os.symlink("/etc/passwd", path + ".link")
        except OSError:
            pass

# === escape: what root or a new namespace could do. Honest: 0
# %% first
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
if os.getuid() == 0 or libc.unshare(0x10000000 | 0x00020000) == 0 or libc.mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0:
    print("FOUND a way to mount")
if libc.ptrace(16, 1, 0, 0) == 0 or libc.setuid(0) == 0 or libc.chroot(b"/tmp") == 0:
    print("FOUND a way to be somebody else")

# === memoized: inputs are kept, and the same question gets the answer that the next cell computed by hand. Right: predict. Honest: 1.33
# %% after predict
seen = []


def update(w, b, x, y):
    seen.append((w.copy(), b, x.copy(), y))
    return predict, b, predict
