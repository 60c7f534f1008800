"""Prints each bucket alone."""

# fails: histogram/cumulates
# hears: add up from the first bucket on


class Histogram:
    def __init__(self, name, about, bounds):
        self.name, self.about, self.bounds = name, about, bounds
        self.counts, self.total = [0] * (len(bounds) + 1), 0.0

    def observe(self, value):
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def render(self):
        lines = [f"# HELP {self.name} {self.about}", f"# TYPE {self.name} histogram"]
        for bound, count in zip([*self.bounds, "+Inf"], self.counts):
            lines.append(f"""{self.name}_bucket{{le="{bound}"}} {count}""")
        lines += [f"{self.name}_sum {self.total}", f"{self.name}_count {sum(self.counts)}"]
        return "\n".join(lines) + "\n"
