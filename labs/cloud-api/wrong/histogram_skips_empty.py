"""Leaves empty buckets out."""

# fails: histogram/can_be_empty
# hears: a line that is missing and a zero are not the same


class Histogram:
    def __init__(self, name, about, bounds):
        self.name, self.about, self.bounds = name, about, bounds
        self.counts, self.total = [0] * (len(bounds) + 1), 0.0

    def observe(self, value):
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def render(self):
        lines = [f"# HELP {self.name} {self.about}", f"# TYPE {self.name} histogram"]
        for place, bound in enumerate([*self.bounds, "+Inf"]):
            if self.counts[place] or bound == "+Inf" and sum(self.counts):
                lines.append(f"""{self.name}_bucket{{le="{bound}"}} {sum(self.counts[: place + 1])}""")
        lines += [f"{self.name}_sum {self.total}", f"{self.name}_count {sum(self.counts)}"]
        return "\n".join(lines) + "\n"
