"""Grading: from what learners handed in to nbgrader's gradebook, feedback and exports.

intake (is it a notebook?) -> jobs: judge (run it in the sandbox, answer its checks from outside) -> batch (a whole class,
on all cores or a cluster) -> gradebook, feedback, exports.
"""
