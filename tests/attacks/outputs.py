# ruff: noqa
# Outputs: too many, forged, and meant for whoever opens the page.

# === flood: more text than anybody reads, on both channels. Right: update. Honest: 2
# %% before predict
import sys

for _ in range(100):
    print("x" * 1_000_000)
    print("y" * 1_000_000, file=sys.stderr)


# %% predict
def predict(X, w, b):
    import os

    while True:
        os.write(1, b"z" * 1_000_000)


# === one_long_line: a single message of 300 MB. Right: update. Honest: 2
# %% before predict
print("x" * 300_000_000)

# === script: HTML, JavaScript, SVG, links and styles that run or load something. Right: predict, update. Honest: 3
# %% before predict
from IPython.display import HTML, SVG, Javascript, Markdown, display

display(HTML("<script>alert(1)</script><img src=x onerror=alert(1)><iframe srcdoc='<script>alert(1)</script>'></iframe>"))
display(Javascript("alert(1)"), Markdown("[x](javascript:alert(1)) <script>alert(1)</script>"))
display(SVG("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg>"))
display({"application/vnd.jupyter.widget-view+json": {"model_id": "x"}, "text/latex": "\\href{javascript:alert(1)}{x}"}, raw=True)
display({"image/png": "' onerror='alert(1)", "image/svg+xml": ["<script>", "alert(1)</script>"], "text/html": {"a": 1}}, raw=True)
print("\x1b]8;;javascript:alert(1)\x1b\\x\x1b]8;;\x1b\\ <script>alert(1)</script>")
raise ValueError("<script>alert(1)</script>")


# %% bound
def mistake_bound(X, y, w, b):
    raise RuntimeError("</style><script>alert(1)</script>")


# %% no-line
# <script>alert(1)</script> <a href="javascript:alert(1)">x</a>

# === junk: bytes that are no text, on the descriptors themselves. Right: all. Honest: 10
# %% before predict
import os, sys

for descriptor in (1, 2):
    os.write(descriptor, bytes(range(256)) * 100)
sys.stdout.write("\ud800\x00\x1b[2J")

# === forged_messages: the kernel's own messages, with what no kernel would say. Right: all. Honest: 10. May lose: all
# %% before predict
from jupyter_client.session import Message

kernel = get_ipython().kernel
parent = kernel.get_parent()
contents = [{}, {"name": 1, "text": []}, {"data": "x", "metadata": []}, {"data": {"text/plain": {"a": [1]}}, "metadata": {}}]
contents += [{"data": {"text/html": ["<script>", 1]}, "metadata": {"x": "y"}, "execution_count": "ten"}]
contents += [{"ename": 1, "evalue": {}, "traceback": "x"}, {"execution_state": ["idle"]}]
for kind in ("stream", "display_data", "execute_result", "error", "status", "nonsense", "update_display_data", "clear_output"):
    for content in contents:
        kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=b"x")

# === forged_idle: "idle" is said before the cell is done, and the check's answer before it was asked. Right: all. Honest: 10. May lose: all
# %% before predict
kernel = get_ipython().kernel
kernel.session.send(kernel.iopub_socket, "status", {"execution_state": "idle"}, parent=kernel.get_parent(), ident=b"x")
for _ in range(50):
    kernel.session.send(kernel.shell_stream, "execute_reply", {"status": "ok"}, parent=kernel.get_parent())

# === unreadable_messages: bytes on the kernel's channels that are no message at all. Right: all. Honest: 10. May lose: all
# %% before predict
kernel = get_ipython().kernel
socket = kernel.iopub_socket
for parts in ([b"x"], [b"<IDS|MSG>"], [b"<IDS|MSG>", b"sig", b"{}", b"{}", b"{}", b"{}"], [b"<IDS|MSG>", b"", b"\xff", b"[", b"1", b"{"]):
    socket.send_multipart([b"x", *parts])
session = kernel.session
parent = session.pack(kernel.get_parent()["header"])
for content in (b'{"name": "stdout", "text": "\\ud800"}', b"[1]", b'"text"', b"NaN", b"[" * 5000, b"\xff\xfe", b"1" * 5000):
    parts = [session.pack(session.msg_header("stream")), parent, b"{}", content]
    socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(parts), *parts])

# === flood_during_check: messages by the megabyte while the grader listens to the answers. Right: all. Honest: 10. May lose: all
# %% first
import threading, time


def flood():
    session = get_ipython().kernel.session
    socket = get_ipython().kernel.iopub_thread.socket
    while True:
        try:
            session.send(socket, "stream", {"name": "stdout", "text": "x" * 2_000_000}, ident=b"x")
        except Exception:
            pass
        time.sleep(0.01)


threading.Thread(target=flood, daemon=True).start()
