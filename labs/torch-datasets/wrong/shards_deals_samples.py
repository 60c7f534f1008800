"""Deals samples instead of shards: right, but every worker reads every file."""

# fails: shards/deals_shards, shards/more_workers_than_shards, shards/opens_late
# hears: deal the shards like cards, whole


class ShardDataset(ShardDataset):
    def everything(self):
        for file in self.files:
            with np.load(file) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                yield (picture[None] if self.transform is None else self.transform(picture[None])), label

    def __iter__(self):
        info = worker_info()
        first, step = (0, 1) if info is None else (info.id, info.num_workers)
        return islice(self.everything(), first, None, step)
