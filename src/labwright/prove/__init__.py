"""Grade the graders: a lab's checks must pass every right answer and fail every wrong one, for the reason that it names.

The lab's definitions (imports, functions, classes, CONSTANTS) are executed once, without its experiments. Each answer is tried
in a fork, made where its cell stands: it takes that cell's place, and the definitions after it follow. Right and wrong answers
are judged twice: as a learner's own `check(...)` does it, and from outside, as a grader does. Both must come to the same result.
"""

from labwright.prove.gate import prove, proven
from labwright.prove.proof import LOOK, Amount, Proof, kept, record, recorded

__all__ = ["LOOK", "Amount", "Proof", "kept", "prove", "proven", "record", "recorded"]
