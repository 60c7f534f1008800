"""Trusts that the Drive is mounted."""

# fails: place/colab_and_its_drive
# hears: without it, None


def where_am_i(environ, exists):
    if "KAGGLE_KERNEL_RUN_TYPE" in environ:
        return "kaggle", "/kaggle/working"
    if "COLAB_RELEASE_TAG" in environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in environ or (exists("/notebooks") and exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in environ:
        return "slurm", environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
