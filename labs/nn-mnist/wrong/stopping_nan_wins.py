"""Asks whether the loss is not worse: NaN is not worse than anything."""

# fails: stopping/equals_do_not_count, stopping/nan_is_not_better
# hears: is False for NaN


class EarlyStopping:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.epoch, self.best_epoch, self.best_loss = -1, -1, float("inf")
        self.best_weights = copy.deepcopy(model.state_dict())

    def restore(self):
        self.model.load_state_dict(self.best_weights)

    def update(self, loss):
        self.epoch += 1
        if not loss > self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.best_weights = copy.deepcopy(self.model.state_dict())
        return self.epoch - self.best_epoch >= self.patience
