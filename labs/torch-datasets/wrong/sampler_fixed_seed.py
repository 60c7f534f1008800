"""Seeds the generator again in each epoch, so that all epochs are alike."""

# fails: sampler/every_index_once, sampler/same_as_torch, sampler/follows_the_global_seed
# hears: from a generator that moves on


class BatchSampler(BatchSampler):
    def __iter__(self):
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator()
                generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
            generator.manual_seed(0)
            order = torch.randperm(self.n, generator=generator).tolist()
        for first in range(0, self.n, self.batch_size):
            batch = list(order[first : first + self.batch_size])
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
