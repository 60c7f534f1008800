"""The learner's package: imports, profiles, records, claims, figures."""

import importlib.metadata
import subprocess
import sys
from types import SimpleNamespace

import pytest
from conftest import call

from scratchlab import labs, outputs, plot, profile
from scratchlab.errors import ScratchlabError, UnknownName
from scratchlab.session import Lab, require


def test_importing_scratchlab_loads_nothing_heavy():
    code = "import scratchlab, sys; print([m for m in ('torch', 'numpy', 'matplotlib', 'IPython', 'pydantic') if m in sys.modules])"
    assert call("python", "-c", code).stdout.strip() == "[]"


def test_profile_order_is_argument_then_variable_then_detection(monkeypatch):
    monkeypatch.setenv("SCRATCHLAB_PROFILE", "h100")
    assert profile.choose_profile("gpu") == "gpu"
    assert profile.choose_profile() == "h100"
    monkeypatch.delenv("SCRATCHLAB_PROFILE")
    monkeypatch.setattr(profile.shutil, "which", lambda name: None)
    assert profile.choose_profile() == "cpu"


def test_unknown_profile_names_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean h100"):
        profile.choose_profile("h10")


@pytest.mark.parametrize(
    ("capability", "mebibytes", "dtype", "detected"),
    [
        ((6, 0), 16_276, "float16", "cpu"),  # P100: too old for PyTorch's builds
        ((7, 5), 15_109, "float16", "gpu"),  # T4
        ((8, 9), 7_940, "bfloat16", "cpu"),  # a laptop's card: too small
        ((8, 0), 40_326, "bfloat16", "gpu"),  # A100
        ((9, 0), 81_004, "bfloat16", "h100"),  # H100
        ((9, 0), 10_000, "bfloat16", "cpu"),  # a slice of one
    ],
)
def test_profile_and_number_format_follow_the_card(monkeypatch, capability, mebibytes, dtype, detected):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *_: capability)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda *_: SimpleNamespace(total_memory=mebibytes << 20))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *_: "a card")
    monkeypatch.setattr(profile.shutil, "which", lambda name: "/usr/bin/nvidia-smi")
    monkeypatch.delenv("SCRATCHLAB_PROFILE", raising=False)
    assert profile.choose_profile() == detected
    assert profile.choose_device("gpu").dtype == dtype


def make_lab(**profiles) -> Lab:
    cpu = {"minutes": 0.1, "parameters": {"steps": 3}, "metrics": {"accuracy": {"min": 0.9}}}
    return Lab(labs.Settings("demo", ("numpy",), (), 0, {"cpu": cpu} | profiles), "cpu")


def test_record_and_claim_report_and_keep(capsys):
    lab = make_lab()
    lab.record("accuracy", 0.95)
    lab.claim("it learns", True)
    printed = capsys.readouterr().out
    assert "accuracy = 0.95" in printed and "at least 0.9" in printed and "Holds: it learns" in printed
    assert lab.metrics == {"accuracy": 0.95} and lab.params["steps"] == 3


def test_a_claim_that_does_not_hold_stops_the_lab():
    with pytest.raises(AssertionError, match="pigs fly"):
        make_lab().claim("pigs fly", False)


def test_missing_profile_says_which_exist():
    with pytest.raises(ScratchlabError, match="has no h100 profile; it has cpu"):
        Lab(labs.Settings("demo", (), (), 0, {"cpu": {"minutes": 1}}), "h100")


def test_missing_package_says_how_to_install_it(monkeypatch):
    monkeypatch.delenv("COLAB_RELEASE_TAG", raising=False)
    with pytest.raises(ScratchlabError, match="pip install no_such_package"):
        require(("no_such_package",))


def test_on_colab_a_missing_package_is_installed(monkeypatch):
    from scratchlab import session

    called = []
    monkeypatch.setenv("COLAB_RELEASE_TAG", "1")
    monkeypatch.setattr(session.subprocess, "run", lambda command, check: called.append(command))
    require(("no_such_package", "numpy"))
    assert called[0][-1] == "no_such_package" and "torch" not in called[0]


@pytest.mark.parametrize(
    ("band", "text"), [({"min": 1}, "at least 1"), ({"max": 2}, "at most 2"), ({"min": 1, "max": 2}, "between 1 and 2"), (None, "")]
)
def test_bands_in_words(band, text):
    assert outputs.band_text(band) == text


def luminance(color: str) -> float:
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("color", plot.COLORS)
@pytest.mark.parametrize("ground", ["#ffffff", "#121212"])
def test_every_figure_color_reads_on_light_and_on_dark(color, ground):
    light, dark = sorted((luminance(color), luminance(ground)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3


def test_the_learners_package_asks_for_no_torch():
    needed = importlib.metadata.requires("scratchlab")
    plain = [line for line in needed if "extra ==" not in line]
    assert plain and not any(line.startswith("torch") for line in plain)


def test_a_detected_profile_that_the_lab_lacks_becomes_the_next_smaller_one(monkeypatch, capsys):
    from scratchlab import session

    monkeypatch.delenv("SCRATCHLAB_PROFILE", raising=False)
    monkeypatch.setattr(profile, "_detect", lambda: "h100")
    cpu_only = labs.Settings("demo", ("numpy",), (), 0, {"cpu": {"minutes": 0.1}})
    monkeypatch.setattr(labs, "read_settings", lambda slug: cpu_only)
    assert session.start("demo").profile == "cpu"
    with pytest.raises(ScratchlabError, match="has no h100 profile"):
        session.start("demo", "h100")


def test_peak_memory_is_the_process_own_and_not_that_of_who_started_it():
    large = b"1" * 300_000_000
    script = "from scratchlab.usage import peak_memory_gb; kept = b'1' * 60_000_000; print(peak_memory_gb())"
    child = float(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout)
    assert large and 0.06 < child < 0.2
