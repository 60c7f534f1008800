"""Shuffles with the global generator whatever it was given."""

# fails: sampler/same_as_torch, sampler/follows_the_global_seed
# hears: torch.randperm(n, generator=self.generator)


class BatchSampler(BatchSampler):
    def __iter__(self):
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator()
                generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
            order = torch.randperm(self.n).tolist()
        for first in range(0, self.n, self.batch_size):
            batch = list(order[first : first + self.batch_size])
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
