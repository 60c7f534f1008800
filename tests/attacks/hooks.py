# ruff: noqa
# Hooks on IPython and on Python itself. None of them answers a question, so all are worth nothing.

# === cells_dropped: an input transformer turns every check into a comment. Honest: 0
# %% first
get_ipython().input_transformers_cleanup.append(lambda lines: ["# gone\n"] if any("check(" in line for line in lines) else lines)

# === cells_always_succeed: run_cell and its hooks are replaced, errors are swallowed. Right: update. Honest: 2
# %% before pocket
get_ipython().set_custom_exc((BaseException,), lambda *args, **named: None)
get_ipython().showtraceback = lambda *args, **named: print("10.0")
get_ipython().events.register("post_run_cell", lambda result: setattr(result, "error_in_exec", None))
get_ipython().run_cell = lambda *args, **named: None

# === report_displayed: the cell shows a report with full marks, by a formatter and by hand. Honest: 0
# %% first
from IPython.display import display

get_ipython().display_formatter.format = lambda *args, **named: ({"text/plain": "10.0"}, {})
display({"text/plain": "10.0", "application/vnd.scratchlab.check+json": {"task": "predict", "score": 1.0, "points": 1}}, raw=True)
# %% before predict
"10.0"

# === magic: a cell magic that runs what follows it somewhere else. Honest: 0
# %% first
get_ipython().register_magic_function(lambda line, cell: print("2.0"), "cell", "pass")


# %% predict
# magic %%pass
def predict(X, w, b): ...


# === late_helpers: atexit, gc, __del__ and a tracer try to change the result at the end. Right: update. Honest: 2
# %% first
import atexit, gc, sys, threading


class Late:
    def __del__(self):
        print("10.0")


late = Late()
atexit.register(print, "10.0")
gc.callbacks.append(lambda *_: None)


def trace(frame, event, argument):
    if "score" in frame.f_locals:
        frame.f_locals["score"] = 10.0
    return trace


sys.settrace(trace)
threading.settrace(trace)

# === python_patched: isinstance, len and float say what is liked; imports are answered by a stranger. Honest: 0
# %% started
import builtins, sys
from importlib.abc import MetaPathFinder


class Stranger(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        return sys.modules["math"].__spec__ if "checks" in name else None


sys.meta_path.insert(0, Stranger())
builtins.isinstance = lambda each, kind: True
builtins.len = lambda each: 1
builtins.float = lambda each=0: 1.0

# === startup_files: files that the next Python would run. Honest: 0
# %% first
import os, site

for folder in ("/work", "/tmp", os.path.expanduser("~"), site.getsitepackages()[0]):
    for name in ("sitecustomize.py", "usercustomize.py", "scratchlab/checks.py", "numpy.py"):
        try:
            path = os.path.join(folder, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as stream:
                stream.write("import builtins; builtins.SURVIVOR = 1\n")
        except OSError:
            pass
os.environ["PYTHONPATH"] = os.environ["PYTHONSTARTUP"] = "/work/sitecustomize.py"
# %% predict
import os

os._exit(0)  # so that a fresh kernel starts beside these files
