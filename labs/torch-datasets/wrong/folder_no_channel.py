"""Forgets the axis of the channel."""

# fails: folder/picture_as_tensor, folder/reads_when_asked, folder/transforms_anew, folder/behaves_like_a_sequence
# hears: the gray channel is the first axis


class FolderDataset(FolderDataset):
    def __getitem__(self, index):
        file = self.files[index]
        with Image.open(file) as image:
            picture = torch.from_numpy(np.array(image, dtype=np.float32) / 255)
        return (picture if self.transform is None else self.transform(picture)), self.classes.index(file.parent.name)
