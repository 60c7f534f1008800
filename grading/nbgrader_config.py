"""nbgrader's settings for this book. Run nbgrader in this folder: `cd grading && nbgrader generate_assignment SLUG`."""

import os
import sys
from pathlib import Path

from labwright.source import ANSWER_STUB, STUB

c = get_config()

c.CourseDirectory.course_id = "from-scratch-to-scale"
c.CourseDirectory.root = str(Path(__file__).resolve().parent)

# The same stubs as in the learners' copies in labs/, so that either copy can be handed in.
c.ClearSolutions.code_stub = {"python": STUB}
c.ClearSolutions.text_stub = ANSWER_STUB

# A deleted check cell is put back; without this its score stays empty for ever.
c.OverwriteCells.add_missing_cells = True

# Checks are judged from outside the learner's kernel, and that kernel runs in a sandbox.
c.Autograde.autograde_preprocessors = [
    "labwright.grading.judge.JudgeExecute",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]

# Submissions are graded at the size that every machine can run, with one thread each.
os.environ.update(SCRATCHLAB_PROFILE="cpu", OMP_NUM_THREADS="1")

# nbgrader starts alembic by name.
os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
