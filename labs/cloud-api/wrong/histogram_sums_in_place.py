"""Makes its own counters cumulative, each time that somebody reads them."""

# fails: histogram/is_read_by_the_parser
# hears: render must not change self.counts


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
            if place:
                self.counts[place] += self.counts[place - 1]
            lines.append(f"""{self.name}_bucket{{le="{bound}"}} {self.counts[place]}""")
        lines += [f"{self.name}_sum {self.total}", f"{self.name}_count {self.counts[-1]}"]
        return "\n".join(lines) + "\n"
