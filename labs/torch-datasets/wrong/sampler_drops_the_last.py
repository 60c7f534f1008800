"""Leaves out the last batch even if it is full."""

# fails: sampler/drops_last, sampler/length
# hears: a full last batch stays


class BatchSampler(BatchSampler):
    def __iter__(self):
        order = range(self.n)
        if self.shuffle:
            generator = self.generator
            if generator is None:
                generator = torch.Generator()
                generator.manual_seed(int(torch.empty((), dtype=torch.int64).random_()))
            order = torch.randperm(self.n, generator=generator).tolist()
        for first in range(0, self.n, self.batch_size):
            batch = list(order[first : first + self.batch_size])
            if first + self.batch_size < self.n or not self.drop_last:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
