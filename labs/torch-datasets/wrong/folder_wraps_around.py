"""Takes the index modulo the number of files, so that a for loop never ends."""

# fails: folder/behaves_like_a_sequence
# hears: a for loop over the dataset ends by it


class FolderDataset(FolderDataset):
    def __getitem__(self, index):
        file = self.files[index % len(self.files)]
        with Image.open(file) as image:
            picture = torch.from_numpy(np.array(image, dtype=np.float32) / 255)[None]
        return (picture if self.transform is None else self.transform(picture)), self.classes.index(file.parent.name)
