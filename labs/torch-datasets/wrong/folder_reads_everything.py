"""Reads all files when the dataset is made."""

# fails: folder/reads_when_asked
# hears: is something kept from an earlier reading?


class FolderDataset(FolderDataset):
    def __init__(self, root, transform=None):
        self.files = sorted(Path(root).glob("*/*.png"))
        self.classes = sorted({file.parent.name for file in self.files})
        self.transform = transform
        self.pictures = [torch.from_numpy(np.array(Image.open(file), dtype=np.float32) / 255)[None] for file in self.files]

    def __getitem__(self, index):
        picture = self.pictures[index]
        return (picture if self.transform is None else self.transform(picture)), self.classes.index(self.files[index].parent.name)
