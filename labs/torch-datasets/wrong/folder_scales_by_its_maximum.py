"""Divides each picture by its own largest pixel."""

# fails: folder/picture_as_tensor, folder/reads_when_asked, folder/transforms_anew, folder/behaves_like_a_sequence
# hears: divide by 255, whatever is in this picture


class FolderDataset(FolderDataset):
    def __getitem__(self, index):
        file = self.files[index]
        with Image.open(file) as image:
            pixels = np.array(image, dtype=np.float32)
        picture = torch.from_numpy(pixels / pixels.max())[None]
        return (picture if self.transform is None else self.transform(picture)), self.classes.index(file.parent.name)
