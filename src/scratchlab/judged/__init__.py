"""Checks from outside: the grader's process calls functions that live in the learner's kernel.

`wire` turns values into JSON and .npy and back, `peer` carries calls both ways over one socket, `proxy` makes what lives
in the other process look local, `agent` answers in the learner's kernel, `excerpt` cuts out of given.py what that kernel may see.
Nothing is ever unpickled.

What the grader believes is data alone: plain numbers, text, containers and arrays that came back for inputs that it made.
An object of the learner's own class stays in the kernel; the grader holds a handle and compares handles by identity only.
"""
