"""Gives everything to every worker."""

# fails: shards/shared_exactly, shards/deals_shards, shards/more_workers_than_shards, shards/opens_late
# hears: every worker has a copy of the dataset


class ShardDataset(ShardDataset):
    def __iter__(self):
        files = self.files
        for file in files:
            with np.load(file) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                x = picture[None]
                yield (x if self.transform is None else self.transform(x)), label
