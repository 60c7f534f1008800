"""Keeps finished samples, so that a random transform is drawn only once for each of them."""

# fails: folder/reads_when_asked, folder/transforms_anew
# hears: call self.transform with the finished tensor, every time


class FolderDataset(FolderDataset):
    def __getitem__(self, index):
        self.kept = vars(self).get("kept", {})
        if index not in self.kept:
            file = self.files[index]
            with Image.open(file) as image:
                picture = torch.from_numpy(np.array(image, dtype=np.float32) / 255)[None]
            picture = picture if self.transform is None else self.transform(picture)
            self.kept[index] = picture, self.classes.index(file.parent.name)
        return self.kept[index]
