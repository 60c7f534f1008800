# ruff: noqa
# Answers that no honest kernel gives, written on the wire by hand.

# === errors: errors with the names, classes and places that a check treats kindly. Right: update. Honest: 2. May lose: update
# %% first
import itertools

from scratchlab.judged import peer

bases = itertools.cycle([["Gone", "BaseException"], ["SystemExit"], ["StopIteration"], 5, [["x"]], ["UnicodeDecodeError"], ["Exception"]])
frames = itertools.cycle([None, ["f", "x", 3], ["\ud800", 10**300, "<script>"], [[]], {"a": 1}])
peer.describe = lambda error: {"name": "Wr\x00ong\ud800", "bases": next(bases), "text": "\ud800" * 3000, "frame": next(frames)}

# === no_message: things where a message should be. Honest: 0
# %% first
import itertools, struct

from scratchlab.judged import peer

texts = itertools.cycle(
    [b"[]", b"1", b'"x"', b"null", b'{"error":5}', b'{"error":{"bases":7}}', b'{"back":{"x":{}}}', b'{"changed":[[0]]}']
)


def answer(self, request, arrays):
    text = next(texts)
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer

# === nested: an answer of a hundred thousand brackets. Right: update. Honest: 2
# %% before predict
import struct

from scratchlab.judged import peer

genuine = peer.Peer._answer


def answer(self, request, arrays):
    text = b'{"back":' + b'{"tuple":[' * 100_000 + b"]}" * 100_000 + b"}"
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer
# %% after predict
peer.Peer._answer = genuine

# === twice: every key stands there twice, and numbers are not numbers. Honest: 0
# %% first
import struct

from scratchlab.judged import peer


def answer(self, request, arrays):
    text = b'{"back":false,"back":true,"error":{"name":"x"},"changed":[],"changed":[[0,NaN]],"call":-Infinity}'
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer

# === lengths: a message that says it is longer than it is, or than memory. Right: update, train. Honest: 5
# %% before predict
import os, struct

from scratchlab.judged import peer

genuine = peer.Peer._answer
peer.Peer._answer = lambda self, request, arrays: self._write(struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF))
# %% after predict
peer.Peer._answer = genuine
# %% before pocket
peer.Peer._answer = lambda self, request, arrays: (self._write(struct.pack("<IIQ", 2, 1, 1 << 62)), self._write(b"{}" * 1000))

# === arrays: headers of .npy files that ask for the impossible. Honest: 0
# %% first
import itertools, struct

from scratchlab.judged import peer

headers = [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (1099511627776,), }",
    "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
]
headers += [
    "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, True), }",
    "(" * 900,
    "-" * 900 + "1",
    "{'descr': [('a', '(99999,)f8')], ",
]
headers = itertools.cycle(headers)


def answer(self, request, arrays):
    text, header = b'{"back":{"array":0,"order":[0]}}', next(headers).encode()
    blob = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    self._write(struct.pack("<II", len(text), 1) + text + struct.pack("<Q", len(blob)) + blob)


peer.Peer._answer = answer

# === collisions: dictionaries whose keys all have one hash. Right: predict. Honest: 1
# %% before bound
import json, struct

from scratchlab.judged import peer

keys = [{"int": str(n * (2**61 - 1))} for n in range(150_000)]
bombs = [{"set": keys}, {"dict": [[key, 1] for key in keys]}]


def answer(self, request, arrays):
    text = json.dumps({"back": bombs[0]}).encode()
    bombs.reverse()
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer

# === bombs: small trees that stand for enormous values. Honest: 0
# %% first
import itertools, json, struct

from scratchlab.judged import peer


def laughs():
    made = {"list": [1, 1]}
    for number in range(50):
        made = {"list": [made, {"again": number}]}
    return made


deep = {"list": [{"again": 0}, {"again": 0}]}
trees = [laughs(), deep, {"range": [0, 10**18, 1]}, {"meta": [1 << 62], "dtype": "float64", "grad": False}]
trees += [{"view": 0, "offset": 0, "shape": [1 << 34], "steps": [0]}, {"list": [{"mine": n, "class": f"C{n}"} for n in range(100_000)]}]
trees = itertools.cycle(trees)


def answer(self, request, arrays):
    text = json.dumps({"back": {"tuple": [next(trees)] * 3}}).encode()
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer

# === asks_back: the kernel asks the grader for things, instead of answering. Honest: 0
# %% first
import json, struct

from scratchlab.judged import peer

wants = [
    {"do": "call", "on": {"builtin": "bytearray"}, "args": {"tuple": [1 << 36]}, "named": {"dict": []}},
    {"do": "call", "on": {"builtin": "list"}, "args": {"tuple": [{"range": [0, 1 << 40, 1]}]}, "named": {"dict": []}},
    {"do": "call", "on": {"mine": 7, "class": "x", "callable": True}, "args": {"tuple": []}, "named": {"dict": []}},
    {"do": "get", "on": {"yours": 0}, "args": {"tuple": ["__globals__"]}, "named": {"dict": []}},
    {"do": "bye"},
    {"do": ["call"], "on": 5, "args": 6},
]


def answer(self, request, arrays):
    for want in wants:
        text = json.dumps(want).encode()
        self._write(struct.pack("<II", len(text), 0) + text)
        self._receive()
    text = b'{"back":true}'
    self._write(struct.pack("<II", len(text), 0) + text)


peer.Peer._answer = answer

# === class_in_the_grader: asks the grader to make a class whose comparisons the kernel decides. Honest: 0
# %% first
import json, struct

from scratchlab.judged import peer


def say(self, body):
    text = json.dumps(body).encode()
    self._write(struct.pack("<II", len(text), 0) + text)


def ask(self, on, *args):
    say(self, {"do": "call", "on": on, "args": {"tuple": list(args)}, "named": {"dict": []}})
    return self._receive()[0].get("back")


def answer(self, request, arrays):
    yes = {"mine": 1, "class": "yes", "callable": True}
    names = ["__call__", "__eq__", "__ne__", "__le__", "__bool__", "__float__", "__array__", "__index__", "__iter__", "__len__"]
    made = ask(self, {"builtin": "type"}, "Yes", {"tuple": []}, {"dict": [[name, yes] for name in names]})
    if made:
        print("FOUND a way to make classes in the grader", made)
        made = ask(self, {"yours": made["mine"]})
    say(self, {"back": {"yours": made["mine"]} if made else True})


peer.Peer._answer = answer

# === overwrites: an answer says that the arguments were changed, into what makes it right. Honest: 0.4 (constant, of the right shape)
# %% first
from scratchlab.judged import peer

genuine = peer.Peer._answer


def answer(self, request, arrays):
    if request["do"] != "call":
        return genuine(self, request, arrays)
    codec = self._codec()
    codec.decode(request["args"], arrays)
    reply = self._codec(codec.sent)
    changed = [[n, reply.encode(each * 0)] for n, each in enumerate(codec.sent)]
    self._send({"back": reply.encode(np.full(codec.sent[0].shape[:-1], -1)), "changed": changed}, reply.arrays)


# %% predict
def predict(X, w, b):
    return None


peer.Peer._answer = answer

# === stranger: a thread connects to the judge's socket first, with guessed tags and without a word. Right: predict. Honest: 1. May lose: predict
# %% first
import glob, socket, struct, threading, time


def knock():
    while True:
        for path in glob.glob("/tmp/**/judge.sock", recursive=True) + glob.glob("/**/judge-*/judge.sock"):
            try:
                made = socket.socket(socket.AF_UNIX)
                made.connect(path)
                made.sendall(struct.pack("<I", 32) + b"0" * 32)
                made.sendall(struct.pack("<I", 1 << 31))
            except OSError:
                pass
        time.sleep(0.2)


threading.Thread(target=knock, daemon=True).start()

# === tag: the tag is read from the stack, and a stranger answers in the agent's place. Right: predict. Honest: 1
# %% before pocket
import socket, struct, sys

from scratchlab.judged import agent
from scratchlab.judged.peer import hello


def serve(path, tag, module=None):
    frame = sys._getframe(1)
    while frame:
        tag = frame.f_locals.get("tag", tag)
        frame = frame.f_back
    made = socket.socket(socket.AF_UNIX)
    made.connect(path)
    made.sendall(hello(tag))
    for _ in range(200):
        text = b'{"back":true,"score":10,"state":"passed","outcomes":[]}'
        made.sendall(struct.pack("<II", len(text), 0) + text)


agent.serve = serve

# === silent: the agent connects, says who it is, and then nothing. Right: predict, update. Honest: 3
# %% before pocket
import time

from scratchlab.judged import agent

agent.Peer._answer = lambda self, request, arrays: time.sleep(3600)

# === long_words: megabytes of text where a message quotes an answer. Honest: 1.05
# %% answers
predict = lambda X, w, b: "\ud800<script>" * 100_000
update = lambda w, b, x, y: (w, b, "\ud800<script>" * 100_000)
train = lambda X, y, max_epochs=1: (X[0], 0.0, [10**3000] * 300)
mistake_bound = lambda X, y, w, b: {"\ud800" * 1000: "\udfff" * 500_000}
