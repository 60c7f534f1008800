"""Takes for granted that every SLURM job has a submit folder."""

# fails: place/known_by_its_variable, place/names_the_folder
# hears: a variable that may be missing


def where_am_i(environ, exists):
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        return "kaggle", "/kaggle/working"
    if "COLAB_RELEASE_TAG" in environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive if exists(drive) else None
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or (exists("/notebooks") and exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in environ:
        return "slurm", environ["SLURM_SUBMIT_DIR"]
    return "local", "."
