"""Counts all bad epochs, not those in a row."""

# fails: stopping/improvement_resets, stopping/nan_is_not_better
# hears: not all the bad ones


class EarlyStopping:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.epoch, self.best_epoch, self.best_loss = -1, -1, float("inf")
        self.bad = 0
        self.best_weights = copy.deepcopy(model.state_dict())

    def restore(self):
        self.model.load_state_dict(self.best_weights)

    def update(self, loss):
        self.epoch += 1
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.best_weights = copy.deepcopy(self.model.state_dict())
        else:
            self.bad += 1
        return self.bad >= self.patience
