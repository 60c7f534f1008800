"""Without a generator, draws the order from the global one, and not the seed of a new one."""

# fails: sampler/follows_the_global_seed
# hears: the seed of a new generator, which then draws the order


class BatchSampler(BatchSampler):
    def __iter__(self):
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.default_generator
            order = torch.randperm(self.n, generator=generator).tolist()
        for first in range(0, self.n, self.batch_size):
            batch = list(order[first : first + self.batch_size])
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
