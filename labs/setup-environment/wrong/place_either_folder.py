"""One of Paperspace's two folders is enough."""

# fails: place/paperspace_by_folders
# hears: both folders together


def where_am_i(environ, exists):
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        return "kaggle", "/kaggle/working"
    if "COLAB_RELEASE_TAG" in environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive if exists(drive) else None
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or (exists("/notebooks") or exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in environ:
        return "slurm", environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
