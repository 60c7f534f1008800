"""Looks at the machine it happens to run on, not at its arguments."""

# fails: place/colab_and_its_drive, place/kaggle_before_colab, place/known_by_its_variable
# fails: place/names_the_folder, place/paperspace_by_folders
# hears: `environ`, its argument


def where_am_i(environ, exists):
    if "KAGGLE_KERNEL_RUN_TYPE" in os.environ:
        return "kaggle", "/kaggle/working"
    if "COLAB_RELEASE_TAG" in os.environ:
        drive = "/content/drive/MyDrive"
        return "colab", drive if os.path.exists(drive) else None
    if "PAPERSPACE_NOTEBOOK_REPO_ID" in os.environ or (os.path.exists("/notebooks") and os.path.exists("/storage")):
        return "paperspace", "/storage"
    if "SLURM_JOB_ID" in os.environ:
        return "slurm", os.environ.get("SLURM_SUBMIT_DIR", ".")
    return "local", "."
