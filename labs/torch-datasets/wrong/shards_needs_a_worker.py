"""Forgets that outside of workers nobody is there to ask."""

# fails: shards/alone, shards/opens_late, shards/starts_again
# hears: outside of workers worker_info() is None


class ShardDataset(ShardDataset):
    def __iter__(self):
        info = worker_info()
        files = self.files[info.id :: info.num_workers]
        for file in files:
            with np.load(file) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                x = picture[None]
                yield (x if self.transform is None else self.transform(x)), label
