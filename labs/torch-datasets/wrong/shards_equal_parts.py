"""Cuts the list of files into equal parts and loses the rest."""

# fails: shards/shared_exactly, shards/deals_shards, shards/more_workers_than_shards
# hears: a slice with a step


class ShardDataset(ShardDataset):
    def __iter__(self):
        info = worker_info()
        files = (
            self.files
            if info is None
            else self.files[len(self.files) // info.num_workers * info.id :][: len(self.files) // info.num_workers]
        )
        for file in files:
            with np.load(file) as shard:
                pixels, labels = shard["pictures"], shard["labels"]
            for picture, label in zip(torch.from_numpy(pixels).float() / 255, labels.tolist(), strict=True):
                x = picture[None]
                yield (x if self.transform is None else self.transform(x)), label
