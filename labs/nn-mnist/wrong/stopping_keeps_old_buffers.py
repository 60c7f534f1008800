"""Notes the parameters, and leaves the buffers as they were at the start."""

# fails: stopping/restores_buffers
# hears: running_mean


class EarlyStopping:
    def __init__(self, model, patience):
        self.model, self.patience = model, patience
        self.epoch, self.best_epoch, self.best_loss = -1, -1, float("inf")
        self.best_weights = copy.deepcopy(model.state_dict())

    def restore(self):
        self.model.load_state_dict(self.best_weights)

    def update(self, loss):
        self.epoch += 1
        if loss < self.best_loss:
            self.best_epoch, self.best_loss = self.epoch, loss
            self.best_weights |= {name: value.detach().clone() for name, value in self.model.named_parameters()}
        return self.epoch - self.best_epoch >= self.patience
