"""Read a YAML file into a pydantic model; errors name the file and the line."""

from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from scratchlab.errors import ScratchlabError

Model = TypeVar("Model", bound=BaseModel)
FAST = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml's, which not every build of PyYAML has


def read(path: Path, model: type[Model]) -> Model:
    """The content of `path` as a `model`; ScratchlabError with one 'file:line: field: problem' line per problem."""
    try:
        text = path.read_text(encoding="utf-8")
        return model.model_validate(yaml.load(text, Loader=FAST))
    except OSError as error:
        raise ScratchlabError(f"{path}: cannot be read ({error.strerror}).") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ScratchlabError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except ValidationError as error:
        tree = yaml.compose(text, Loader=FAST)
        problems = [f"{path}:{_line(tree, each['loc'])}: {'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()]
        raise ScratchlabError("\n".join(problems)) from error


def _line(node: yaml.Node | None, location: tuple) -> int:
    """The line of the value at `location`, or of the nearest thing around it that exists."""
    line = 1
    for step in location:
        if node is None:
            break
        line = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            found = [(key, value) for key, value in node.value if key.value == step]
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
    return line
