"""Asks for Colab first, as if its variable were Colab's alone."""

# fails: place/kaggle_before_colab
# hears: ask for Kaggle first


def where_am_i(environ, exists):
    if "COLAB_RELEASE_TAG" in environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive if exists(drive) else None
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        return "kaggle", "/kaggle/working"
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or (exists("/notebooks") and exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in environ:
        return "slurm", environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
