"""Values as bytes: one JSON tree and the arrays that it refers to, each as .npy without pickle.

A plain value travels as a copy. Everything else stays where it is and travels as a number under which its owner knows it;
`Codec` is told by its owner what to do with these (`own`, `theirs`).
"""

import builtins
import io
import json
import math
import struct
import sys
from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np

MAX_TREE = 16 << 20  # bytes of JSON in one message
MAX_ARRAYS = 4096  # arrays in one message
MAX_BYTES = 512 << 20  # bytes of all arrays in one message
MAX_DEPTH = 60  # containers inside containers
MAX_WEIGHT = 1 << 27  # of one message's values when all that is there twice is counted twice: an array's element weighs 1,
NODE = 128  # anything else that much,
NEW_TYPE = 1 << 17  # and a named tuple of a new kind that much
MAX_SHARED = 1000  # keys of a dict whose hash another key has, too
KINDS = "biufc"  # dtypes that may travel: bool, integers, floats, complex

FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class WireError(ValueError):
    """A message that cannot be read, or a value that cannot travel."""


def pack(tree: Any, arrays: list[np.ndarray]) -> bytes:
    """One message. Errors: WireError if it is larger than the other side would accept."""
    text = json.dumps(tree, allow_nan=False, separators=(",", ":")).encode()
    blobs = [_npy(array) for array in arrays]
    if len(text) > MAX_TREE or len(blobs) > MAX_ARRAYS or sum(map(len, blobs)) > MAX_BYTES:
        raise WireError(f"this value is too large to compare: {sum(map(len, blobs)) >> 20} MB in {len(blobs)} arrays")
    parts = [struct.pack("<II", len(text), len(blobs)), text]
    for blob in blobs:
        parts += [struct.pack("<Q", len(blob)), blob]
    return b"".join(parts)


def unpack(read: Callable[[int], bytes]) -> tuple[Any, list[np.ndarray]]:
    """Read one message with `read(n)`, which returns exactly n bytes. Errors: WireError."""
    length, count = struct.unpack("<II", read(8))
    if length > MAX_TREE or count > MAX_ARRAYS:
        raise WireError("the answer is too large")
    text, arrays, left = read(length), [], MAX_BYTES
    for _ in range(count):
        (size,) = struct.unpack("<Q", read(8))
        left -= size
        if left < 0:
            raise WireError("the answer is too large")
        arrays.append(_array(read(size)))
    try:
        return json.loads(text), arrays
    except (ValueError, RecursionError) as error:
        raise WireError(f"the answer is not JSON: {error}") from None


def _npy(array: np.ndarray) -> bytes:
    if array.dtype.kind not in KINDS:
        raise WireError(f"an array of dtype {array.dtype} cannot be compared")
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def _array(blob: bytes) -> np.ndarray:
    try:
        array = np.lib.format.read_array(io.BytesIO(blob), allow_pickle=False, max_header_size=1000)
    except Exception as error:  # the header is Python text, and NumPy's reader of it fails in many ways
        raise WireError(f"an array in the answer cannot be read: {type(error).__name__}") from None
    if array.dtype.kind not in KINDS or array.dtype.itemsize > 16:
        raise WireError(f"an array of dtype {array.dtype} in the answer")
    return array


class Codec:
    """Encodes the values of one message, or decodes them. Arrays that were sent once are the same object afterwards.

    own(value, codec): the tree for something that stays here. theirs(tree, codec): what stands for something that stays there.
    shared: arrays, tensors and generators that both sides know from the arguments of this call, in order.
    graphs: whether tensors with a history are to be kept here for a backward pass.
    """

    def __init__(
        self, own: Callable[[Any, "Codec"], dict], theirs: Callable[[dict, "Codec"], Any], shared: list | None = None, graphs: bool = False
    ):
        self.own, self.theirs = own, theirs
        self.arrays: list[np.ndarray] = []
        self.sent: list = []  # arguments that the callee may change
        self.shared = [] if shared is None else shared
        self.graphs = graphs
        self.call: int | None = None  # the other side's number of the call that this codec carried
        self.left = MAX_WEIGHT  # what may still be decoded
        self.weights: dict[int, int] = {}  # of the lists and dicts in `sent`, by place
        self.kinds: dict[tuple, type] = {}  # of named tuples

    # Encoding

    def encode(self, value: Any, depth: int = 0) -> Any:
        """`value` as a JSON tree; its arrays are appended to `self.arrays`."""
        if depth > MAX_DEPTH:
            raise WireError("containers nested too deeply, perhaps one that holds itself")
        if value is None or value is True or value is False or type(value) is str:
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value) if abs(value) < 2**53 else {"int": str(int(value))}
        if isinstance(value, float) and not isinstance(value, np.generic):
            return float(value) if math.isfinite(value) else {"float": str(float(value))}
        known = self._known(value)
        if known is not None:
            return known
        return self._container(value, depth + 1) or self._array_like(value) or self._named(value) or self.own(value, self)

    def _known(self, value: Any) -> dict | None:
        """A reference to an argument of this call, so that `x is y` and shared memory survive the journey."""
        for name, held in (("argument", self.shared), ("again", self.sent)):
            for number, each in enumerate(held):
                if each is value:
                    return {name: number}
        return self._view(value)

    def _view(self, value: Any) -> dict | None:
        if not self.shared or not is_array(value):
            return None
        where, size = _memory(value)
        for number, each in enumerate(self.shared):
            if is_array(each) and size and type(each) is type(value) and each.dtype == value.dtype:
                start, length = _memory(each)
                if start <= where and where + size <= start + length:
                    steps = [s // value.itemsize for s in value.strides] if isinstance(value, np.ndarray) else list(value.stride())
                    return {"view": number, "offset": (where - start) // value.itemsize, "shape": list(value.shape), "steps": steps}
        return None

    def _container(self, value: Any, depth: int) -> Any:
        def each(items):
            return [self.encode(item, depth) for item in items]

        if isinstance(value, tuple):
            fields = getattr(type(value), "_fields", None)
            return {"named": [type(value).__name__, list(fields), each(value)]} if fields else {"tuple": each(value)}
        if isinstance(value, list):
            self.sent.append(value)
            return {"list": each(value)}
        if isinstance(value, dict):
            self.sent.append(value)
            return {"dict": [each(pair) for pair in value.items()]}
        if isinstance(value, set | frozenset):
            return {"set": each(value)}
        if isinstance(value, slice):
            return {"slice": each((value.start, value.stop, value.step))}
        if isinstance(value, range):
            return {"range": [value.start, value.stop, value.step]}
        if isinstance(value, complex) and not isinstance(value, np.generic):
            return {"complex": each((value.real, value.imag))}
        if isinstance(value, bytes | bytearray):
            self.arrays.append(np.frombuffer(bytes(value), np.uint8))
            return {"bytes": len(self.arrays) - 1}
        if isinstance(value, str):
            return {"text": str.__str__(value)}
        return {"ellipsis": 1} if value is ... else None

    def _array_like(self, value: Any) -> dict | None:
        if isinstance(value, np.generic) and value.dtype.kind in KINDS:
            return {"scalar": self._add(np.asarray(value))}
        if isinstance(value, np.ndarray) and value.dtype.kind in KINDS:
            self.sent.append(value)
            return {"array": self._add(value), "order": _order(value)}
        torch = sys.modules.get("torch")
        if torch is None:
            return None
        if isinstance(value, torch.Generator):
            self.sent.append(value)
            return {"generator": self._add(value.get_state().numpy())}
        if isinstance(value, torch.Tensor) and value.layout == torch.strided:
            return self._tensor(torch, value)
        return None

    def _tensor(self, torch, value) -> dict:
        self.sent.append(value)
        tree = {"grad": bool(value.requires_grad), "leaf": bool(value.is_leaf)}
        if not value.is_leaf and self.graphs:
            tree |= {"grad": False, "graph": self.own(value, self)["mine"]}  # a backward pass will be asked for by this number
        kind = str(value.dtype).removeprefix("torch.")
        if value.is_meta:
            return tree | {"meta": list(value.shape), "dtype": kind}
        plain = value.detach().cpu()
        if kind == "bfloat16":
            plain = plain.view(torch.int16)
        if plain.dtype.is_complex or plain.is_conj():
            plain = plain.resolve_conj()
        if plain.is_neg():
            plain = plain.resolve_neg()
        array = plain.numpy()
        return tree | {"tensor": self._add(array), "dtype": kind, "order": _order(array)}

    def _named(self, value: Any) -> dict | None:
        """Things known by name on both sides: dtypes, devices, built-in types and functions."""
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.dtype | torch.device):
            return {"torch": str(value).removeprefix("torch."), "kind": type(value).__name__}
        if isinstance(value, np.dtype) and value.kind in KINDS:
            return {"npdtype": value.str}
        if isinstance(value, type) and getattr(builtins, value.__name__, None) is value:
            return {"builtin": value.__name__}
        return None

    def _add(self, array: np.ndarray) -> int:
        self.arrays.append(array.transpose(_order(array)).copy(order="C"))
        return len(self.arrays) - 1

    # Decoding

    def decode(self, tree: Any, arrays: list[np.ndarray]) -> Any:
        """The value that `tree` and `arrays` stand for. Errors: WireError if they stand for none."""
        self.arrays = arrays
        try:
            return self._decode(tree)
        except WireError:
            raise
        except (KeyError, IndexError, TypeError, ValueError, AttributeError, RuntimeError, OverflowError, RecursionError) as error:
            raise WireError(f"the answer cannot be read ({type(error).__name__}: {error})") from None

    def _decode(self, tree: Any) -> Any:
        self._spend(NODE)
        if not isinstance(tree, dict):
            if isinstance(tree, list):
                raise WireError("a bare list in the answer")
            return tree
        kind = next(iter(tree), "")
        method = getattr(self, f"_from_{kind}", None)
        if kind in ("grad", "tensor", "meta"):
            return self._from_tensor(tree)
        return method(tree) if method else self.theirs(tree, self)

    def _each(self, items: list) -> list:
        return [self._decode(item) for item in items]

    def _spend(self, weight: int) -> None:
        """A few bytes can stand for more than any memory holds: a list of two references to a list of two references to ..."""
        self.left -= weight
        if self.left < 0:
            raise WireError("the answer is too large")

    def _keep(self, value: Any) -> Any:
        if not isinstance(value, list | dict) and hasattr(value, "shape"):
            self._spend(math.prod(value.shape))
        self.sent.append(value)
        return value

    def _fill(self, made: list | dict, fill: Callable[[], None]) -> Any:
        """Keep a container, decode its content into it, and note what it weighs; within itself it weighs half of all."""
        number, before = len(self.sent), self.left
        self._keep(made)
        self.weights[number] = MAX_WEIGHT // 2 + 1
        fill()
        self.weights[number] = before - self.left
        return made

    def _from_argument(self, tree):
        value = self.shared[_index(tree["argument"])]
        self._spend(math.prod(value.shape) if hasattr(value, "shape") else NODE * len(value) if hasattr(value, "__len__") else NODE)
        return value

    def _from_again(self, tree):
        number = _index(tree["again"])
        value = self.sent[number]
        self._spend(self.weights[number] if number in self.weights else math.prod(getattr(value, "shape", ())))
        return value

    def _from_view(self, tree):
        base, offset = self.shared[_index(tree["view"])], _index(tree["offset"])
        shape, steps = [_index(n) for n in tree["shape"]], [int(n) for n in tree["steps"]]
        reach = [(n - 1) * step for n, step in zip(shape, steps, strict=True)]
        whole = base.size if isinstance(base, np.ndarray) else base.numel()
        self._spend(math.prod(shape))
        if offset + sum(min(r, 0) for r in reach) < 0 or offset + sum(max(r, 0) for r in reach) >= whole:
            raise WireError("a view in the answer reaches beyond its array")
        if isinstance(base, np.ndarray):
            flat = base.ravel(order="K")
            return np.lib.stride_tricks.as_strided(flat[offset:], shape, [step * base.itemsize for step in steps])
        return base.detach().as_strided(shape, steps, base.storage_offset() + offset)

    def _from_int(self, tree):
        return int(tree["int"][:4000])

    def _from_float(self, tree):
        return FLOATS[tree["float"]]

    def _from_text(self, tree):
        return str(tree["text"])

    def _from_named(self, tree):
        name, fields, values = tree["named"]
        kind = (name, *fields)
        if kind not in self.kinds:
            self._spend(NEW_TYPE)
            self.kinds[kind] = namedtuple(name, fields)
        return self.kinds[kind](*self._each(values))

    def _from_tuple(self, tree):
        return tuple(self._each(tree["tuple"]))

    def _from_list(self, tree):
        made: list = []
        return self._fill(made, lambda: made.extend(self._each(tree["list"])))

    def _from_dict(self, tree):
        made: dict = {}

        def fill():
            pairs = [self._each(pair) for pair in tree["dict"]]
            made.update(zip(_spread([key for key, _ in pairs]), [value for _, value in pairs], strict=True))

        return self._fill(made, fill)

    def _from_set(self, tree):
        return set(_spread(self._each(tree["set"])))

    def _from_slice(self, tree):
        return slice(*self._each(tree["slice"]))

    def _from_range(self, tree):
        made = range(*map(int, tree["range"]))
        self._spend(NODE * len(made))
        return made

    def _from_complex(self, tree):
        return complex(*self._each(tree["complex"]))

    def _from_bytes(self, tree):
        return self.arrays[_index(tree["bytes"])].tobytes()

    def _from_ellipsis(self, tree):
        return ...

    def _from_scalar(self, tree):
        return self.arrays[_index(tree["scalar"])].reshape(())[()]

    def _from_array(self, tree):
        return self._keep(_restore(self.arrays[_index(tree["array"])], tree["order"]))

    def _from_generator(self, tree):
        import torch

        made = torch.Generator()
        made.set_state(torch.from_numpy(self.arrays[_index(tree["generator"])].copy()))
        return self._keep(made)

    def _from_tensor(self, tree):
        import torch

        dtype = _torch_dtype(torch, tree["dtype"])
        if "meta" in tree:
            made = torch.empty([_index(n) for n in tree["meta"]], dtype=dtype, device="meta")
        else:
            made = torch.from_numpy(self.arrays[_index(tree["tensor"])].copy())
            made = made.view(torch.bfloat16) if tree["dtype"] == "bfloat16" else made
            if made.dtype != dtype:
                raise WireError(f"a tensor that calls itself {tree['dtype']} holds {made.dtype}")
            made = made.permute(*_inverse(tree["order"], made.dim())) if made.dim() else made
        made.requires_grad_(bool(tree["grad"]) and dtype.is_floating_point)
        if not tree.get("leaf", True) and made.requires_grad:  # like its original, it may be modified in place
            leaf, made = made, made.clone()
            made.origin = leaf
        if "graph" in tree:
            made.graph = _index(tree["graph"])
        return self._keep(made)

    def _from_torch(self, tree):
        import torch

        return torch.device(tree["torch"]) if tree["kind"] == "device" else _torch_dtype(torch, tree["torch"])

    def _from_npdtype(self, tree):
        made = np.dtype(str(tree["npdtype"])[:8])
        if made.kind not in KINDS:
            raise WireError(f"a dtype {made} in the answer")
        return made

    def _from_builtin(self, tree):
        made = getattr(builtins, tree["builtin"], None)
        if not isinstance(made, type):
            raise WireError(f"{tree['builtin']} is not a built-in type")
        return made


def is_array(value: Any) -> bool:
    """Whether `value` is a NumPy array or a torch tensor whose numbers lie in this process's memory."""
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return value.layout == torch.strided and value.device.type == "cpu"
    return isinstance(value, np.ndarray)


def _memory(value: Any) -> tuple[int, int]:
    """Address and extent in bytes of an array's numbers (extent of the whole stretch that its strides touch)."""
    if isinstance(value, np.ndarray):
        low, high = np.lib.array_utils.byte_bounds(value)
        return low, high - low
    if not value.numel():
        return value.data_ptr(), 0
    reach = sum((n - 1) * step for n, step in zip(value.shape, value.stride(), strict=True))
    return value.data_ptr(), (reach + 1) * value.element_size()


def _order(array: np.ndarray) -> list[int]:
    """The axes from the longest stride to the shortest: in this order the array is contiguous, or nearly so."""
    return sorted(range(array.ndim), key=lambda axis: -abs(array.strides[axis]))


def _inverse(order: list, dims: int) -> list[int]:
    axes = [int(axis) for axis in order]
    if sorted(axes) != list(range(dims)):
        raise WireError("axes in the answer are not a permutation")
    return sorted(range(dims), key=axes.__getitem__)


def _restore(array: np.ndarray, order: list) -> np.ndarray:
    return array.transpose(_inverse(order, array.ndim))


def _spread(keys: list) -> list:
    """`keys`, unless so many of them share a hash that a dict of them would take for ever to make."""
    if len(keys) - len(set(map(hash, keys))) > MAX_SHARED:
        raise WireError("keys in the answer share one hash")
    return keys


def _index(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise WireError("a number in the answer is not an index")
    return value


def _torch_dtype(torch, name: str):
    made = getattr(torch, str(name), None)
    if not isinstance(made, torch.dtype):
        raise WireError(f"{name} is not a torch dtype")
    return made
