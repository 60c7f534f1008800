"""Takes the files out of its own list: the second epoch is empty."""

# fails: shards/starts_again
# hears: what is kept in self is used up by the first epoch


class ShardDataset(ShardDataset):
    def __iter__(self):
        info = worker_info()
        if info is not None:
            self.files = self.files[info.id :: info.num_workers]
        while self.files:
            with np.load(self.files.pop(0)) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                yield (picture[None] if self.transform is None else self.transform(picture[None])), label
