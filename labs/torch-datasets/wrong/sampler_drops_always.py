"""Leaves out the short batch in any case."""

# fails: sampler/in_order, sampler/every_index_once, sampler/same_as_torch, sampler/follows_the_global_seed, sampler/length
# hears: the short one at the end belongs to the epoch


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
            if len(batch) == self.batch_size:
                yield batch
        if self.shuffle:
            torch.randperm(self.n, generator=generator)
