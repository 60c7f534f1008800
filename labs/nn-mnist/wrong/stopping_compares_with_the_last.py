"""Compares with the epoch before, not with the best."""

# fails: stopping/compares_with_the_best, stopping/notes_the_best, stopping/nan_is_not_better
# hears: may still be far above the best


class EarlyStopping:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.epoch, self.best_epoch, self.best_loss = -1, -1, float("inf")
        self.last = float("inf")
        self.best_weights = copy.deepcopy(model.state_dict())

    def restore(self):
        self.model.load_state_dict(self.best_weights)

    def update(self, loss):
        self.epoch += 1
        if loss < self.last:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.best_weights = copy.deepcopy(self.model.state_dict())
        self.last = loss
        return self.epoch - self.best_epoch >= self.patience
