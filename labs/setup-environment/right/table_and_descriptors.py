"""Tables instead of branches, the operating system's own file functions, and a state made of everything but what is left out."""

PLACES = (
    ("kaggle", ("KAGGLE_KERNEL_RUN_TYPE",), (), lambda environ, exists: "/kaggle/working"),
    ("colab", ("COLAB_RELEASE_TAG",), (), lambda environ, exists: (exists("/content/drive/MyDrive") and "/content/drive/MyDrive") or None),
    ("paperspace", ("PAPERSPACE_NOTEBOOK_REPO_ID",), ("/notebooks", "/storage"), lambda environ, exists: "/storage"),
    ("slurm", ("SLURM_JOB_ID",), (), lambda environ, exists: environ.get("SLURM_SUBMIT_DIR") or "."),
)


def where_am_i(environ, exists):
    for name, variables, folders, keep in PLACES:
        if any(environ.get(each) is not None for each in variables) or (folders and all(map(exists, folders))):
            return name, keep(environ, exists)
    return "local", "."


def choose(answer):
    first = next((line for line in answer.split("\n") if line.strip()), None)
    memory, version = (float(part) for part in first.split(",")[-2:]) if first else (0, 0)
    if memory < 14_000 or version < 7.5:
        return "cpu", "float32", "cpu"
    return "cuda", "float16" if version < 8 else "bfloat16", "gpu" if version < 9 or memory < 70_000 else "h100"


def write_atomically(path, data):
    name = os.fspath(path)
    descriptor = os.open(name + ".tmp", os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    try:
        written = 0
        while written < len(data):
            written += os.write(descriptor, memoryview(data)[written:])
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.rename(name + ".tmp", name) if os.name == "posix" else os.replace(name + ".tmp", name)


def capture(run):
    kept = {name: part for name, part in vars(run).items() if name not in ("data", "rng", "rows", "began")}
    return copy.deepcopy(kept | {"rng": run.rng.bit_generator.state})


def newest(folder, settings):
    files = {step_of(path): path for path in folder.glob("step-*.ckpt")}
    while files:
        path = files.pop(max(files))
        try:
            state = unpack(path.read_bytes())
        except OSError:
            continue
        if state["settings"] == settings:
            return state
        both = sorted(set(state["settings"].items()) ^ set(settings.items()))
        raise ValueError(f"{path.name} was made with other settings; they differ in {both}")


def train(folder, settings, data, until, every=20):
    state = newest(folder, settings)
    run = begin(settings, data)
    if state:
        put_back(run, state)
    os.makedirs(folder, exist_ok=True)
    for step in range(run.step + 1, until + 1):
        advance(run)
        if step % every and step < until:
            continue
        score, previous = accuracy(run.net, data["X_new"], data["t_new"]), run.best
        run.best = max(score, previous)
        content = pack(capture(run))
        names = ["best.ckpt"] * (score > previous) + [f"step-{step:06d}.ckpt"]
        for name in names:
            write_atomically(folder / name, content)
        numbers = sorted(map(step_of, folder.glob("step-*.ckpt")), reverse=True)
        for number in numbers[2:]:
            (folder / f"step-{number:06d}.ckpt").unlink(missing_ok=True)
    return run
