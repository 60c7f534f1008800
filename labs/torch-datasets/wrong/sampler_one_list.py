"""Fills one list again and again: whoever keeps the batches sees them all change."""

# fails: sampler/in_order, sampler/drops_last, sampler/every_index_once, sampler/same_as_torch, sampler/follows_the_global_seed
# hears: each batch needs a list of its own


class BatchSampler(BatchSampler):
    def __iter__(self):
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator()
                generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
            order = torch.randperm(self.n, generator=generator).tolist()
        batch = []
        for index in order:
            batch.append(index)
            if len(batch) == self.batch_size:
                yield batch
                batch.clear()
        if batch and not self.drop_last:
            yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
