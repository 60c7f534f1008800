"""Plain statements and small helper functions, every part of the state by name, recursion to find a checkpoint."""


def where_am_i(environ, exists):
    place = "local"
    keep = "."
    if "SLURM_JOB_ID" in environ:
        place = "slurm"
        if "SLURM_SUBMIT_DIR" in environ:
            keep = environ["SLURM_SUBMIT_DIR"]
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or all([exists("/notebooks"), exists("/storage")]):
        place, keep = "paperspace", "/storage"
    if "COLAB_RELEASE_TAG" in environ:
        place, keep = "colab", None
        if exists("/content/drive/MyDrive"):
            keep = "/content/drive/MyDrive"
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        place, keep = "kaggle", "/kaggle/working"
    return (place, keep)


def choose(answer):
    if answer.strip() == "":
        return ("cpu", "float32", "cpu")
    fields = answer.strip().split("\n")[0].split(",")
    memory = int(fields[1])
    major, minor = fields[2].strip().split(".")
    capability = 10 * int(major) + int(minor)
    if capability < 75 or memory < 14000:
        return ("cpu", "float32", "cpu")
    dtype = "float16"
    if capability >= 80:
        dtype = "bfloat16"
    profile = "gpu"
    if capability >= 90 and memory >= 70000:
        profile = "h100"
    return ("cuda", dtype, profile)


def write_atomically(path, data):
    temporary = path.parent / (path.name + ".tmp")
    file = temporary.open("wb")
    file.write(data)
    file.flush()
    os.fsync(file)
    file.close()
    temporary.replace(path)


def capture(run):
    state = {}
    state["settings"] = dict(run.settings)
    state["net"] = {name: part.copy() for name, part in run.net.items()}
    state["velocity"] = {name: part.copy() for name, part in run.velocity.items()}
    state["rng"] = copy.deepcopy(run.rng.bit_generator.state)
    state["order"] = run.order.copy()
    state["position"] = run.position
    state["step"] = run.step
    state["best"] = run.best
    return state


def first_whole(paths):
    if not paths:
        return None
    try:
        return unpack(paths[-1].read_bytes())
    except OSError:
        return first_whole(paths[:-1])


def newest(folder, settings):
    if not folder.exists():
        return None
    paths = [path for path in folder.iterdir() if path.name.startswith("step-") and path.name.endswith(".ckpt")]
    state = first_whole(sorted(paths, key=step_of))
    if state is None:
        return None
    message = ""
    for name in list(settings) + [name for name in state["settings"] if name not in settings]:
        if name not in settings or name not in state["settings"] or settings[name] != state["settings"][name]:
            message += f"\n{name}: {state['settings'].get(name)} in the checkpoint, {settings.get(name)} here"
    if message:
        raise ValueError("The checkpoint is of another run:" + message)
    return state


def save_run(folder, run, data):
    now = accuracy(run.net, data["X_new"], data["t_new"])
    if now > run.best:
        run.best = now
        write_atomically(folder / "best.ckpt", pack(capture(run)))
    write_atomically(folder / ("step-" + str(run.step).zfill(6) + ".ckpt"), pack(capture(run)))
    steps = sorted(step_of(path) for path in folder.glob("step-*.ckpt"))
    while len(steps) > 2:
        os.remove(folder / f"step-{steps.pop(0):06d}.ckpt")


def train(folder, settings, data, until, every=20):
    run = begin(settings, data)
    found = newest(folder, settings)
    if found is not None:
        put_back(run, found)
    folder.mkdir(parents=True, exist_ok=True)
    last = run.step
    while run.step < until:
        advance(run)
        if run.step % every == 0:
            save_run(folder, run, data)
            last = run.step
    if run.step > last:
        save_run(folder, run, data)
    return run
