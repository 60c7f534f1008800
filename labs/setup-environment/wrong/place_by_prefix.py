"""Takes every variable that begins with the name of a place for its sign."""

# fails: place/names_are_exact
# hears: not how they begin


def where_am_i(environ, exists):
    def begins(start):
        return any(name.startswith(start) for name in environ)

    if begins("KAGGLE_"):
        return "kaggle", "/kaggle/working"
    if begins("COLAB_"):
        drive = "/content/drive/MyDrive"
        return "colab", drive if exists(drive) else None
    if begins("PAPERSPACE_") or (exists("/notebooks") and exists("/storage")):
        return "paperspace", "/storage"
    if begins("SLURM_"):
        return "slurm", environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
