"""Export: every file opens as what it is, and carries parameters, seed and version."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

import explorer
from explorer import RunSpec, Trace, run
from explorer.registry import PLOTS
from explorer.run._reaching import METHODS
from explorer.ui._code import VERBS, code
from explorer.ui._export import KINDS, parameters
from explorer.ui._jobs import make_job
from explorer.ui.explorer import Explorer

SPEC = RunSpec(horizon=200, seeds=2, seed=77, device="cpu")


@pytest.fixture(scope="module")
def panel():
    panel = Explorer(SPEC)
    panel.run()
    panel.keep()
    panel.controls.widgets["tail_index"].value = "1.3"
    panel.run()
    yield panel
    panel.close()


def about(kind, content):
    """Return what a picture's metadata say."""
    if kind.startswith("png"):
        return Image.open(io.BytesIO(content)).text["Description"]
    if kind == "svg":
        tree = ET.fromstring(content)
        return tree.find(".//{http://purl.org/dc/elements/1.1/}description").text
    (words,) = re.findall(rb"/Keywords \((.*?[^\\])\)", content, re.S)
    escapes = {rb"\n": b"\n", rb"\(": b"(", rb"\)": b")", rb"\\": b"\\"}
    return re.sub(rb"\\.", lambda found: escapes[found[0]], words).decode()


@pytest.mark.parametrize("kind", ["png", "png-300", "svg", "pdf"])
def test_a_picture_carries_its_choice_in_the_file_and_to_the_eye(panel, tmp_path, kind):
    path = panel.export(tmp_path / f"decay{KINDS[kind].suffix}", kind)
    content = path.read_bytes()
    said = json.loads(about(kind, content))
    assert RunSpec.from_json(json.dumps(said["spec"])) == panel.spec
    assert said["version"] == explorer.__version__
    assert said["link"] == panel.link()
    assert said["sentence"] == panel.session.sentence
    (beside,) = said["beside"].values()
    assert beside["tail_index"] == 1.6
    if kind.startswith("png"):
        image = Image.open(io.BytesIO(content))
        assert image.getpixel((0, 0))[:3] == (255, 255, 255), "paper is light"
        assert round(image.info["dpi"][0]) == round(KINDS[kind].dpi)


def test_what_stands_below_a_picture_is_all_that_was_asked_for_and_nothing_else(panel):
    said = parameters(panel.spec)
    for part in ("tail index 1.3", "seed 77", "seeds 2", "horizon 200", "norm spectral"):
        assert part in said
    assert "max extrapolation" not in said
    assert "lr" not in said
    assert "tail index" not in parameters(SPEC.replace(noise="gaussian"))


def test_the_same_choice_gives_the_same_file(panel, tmp_path):
    for kind in KINDS:
        one, two = (panel.export(tmp_path / f"{i}{KINDS[kind].suffix}", kind) for i in (1, 2))
        assert one.read_bytes() == two.read_bytes(), kind


def test_numbers_come_out_as_they_are(panel, tmp_path):
    first, *lines = panel.export(tmp_path / "run.csv").read_text().splitlines()
    assert first == f"# scion-explorer {explorer.__version__} {panel.spec.to_json()}"
    assert lines[0].startswith("# beside it, "), "what stands beside it comes out too"
    label, kept = lines[0].removeprefix("# beside it, ").split(": ", 1)
    assert [label] == [name for name, _ in panel.session.seen.beside]
    assert RunSpec.from_json(kept) == panel.session.seen.beside[0][1].spec
    rows = [row for row in csv.DictReader(lines[1:]) if row["run"] == label]
    other = panel.session.seen.beside[0][1]
    assert [float(row["mean"]) for row in rows] == other.mean.tolist()
    lines = [lines[1], *(line for line in lines[2:] if line.startswith("present run,"))]
    rows = list(csv.DictReader(lines))
    assert [float(row["mean"]) for row in rows] == panel.trace.mean.tolist()
    assert [float(row["seed_1"]) for row in rows] == panel.trace.stationarity[:, 1].tolist()


def test_json_holds_the_choice(panel, tmp_path):
    said = json.loads(panel.export(tmp_path / "run.json").read_text())
    assert RunSpec.from_json(json.dumps(said["spec"])) == panel.spec


def test_the_lines_of_python_repeat_the_run(panel, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    lines = panel.export("run.py").read_text()
    assert lines.startswith(f"# scion-explorer {explorer.__version__}\n")
    scope = {}
    exec(lines, scope)
    np.testing.assert_array_equal(scope["trace"].stationarity, panel.trace.stationarity)
    assert capsys.readouterr().out.startswith(panel.trace.sentence)
    assert (tmp_path / "decay.png").stat().st_size > 10_000


CHAIN = RunSpec(problem="chain(moment=2.0)", seeds=8)
STUDIES = [
    ("geometry", SPEC, [{"transport": True}], {}),
    ("rate", SPEC, [{"transport": True}], {"horizons": (100, 1000)}),
    ("grid", SPEC, [], {"rows": (1, 2), "horizons": (200,)}),
    ("grid", SPEC, [{"transport": True}], {"batch_size": (1, 4)}),
    ("dimension", SPEC.replace(schedule="horizon"), [], {"batch_size": "window"}),
    ("lower_bound", CHAIN, [], {"lengths": (1, 2), "methods": (METHODS[2],)}),
    ("contest", SPEC.replace(problem="quadratic", horizon=64), [], {"norms": ("sign", "row")}),
    ("noise", SPEC, [], {}),
]


def finished(job):
    job.begin()
    while not job.finished:
        job.advance()
    return job


@pytest.mark.parametrize(("plot", "spec", "variants", "options"), STUDIES)
def test_the_lines_of_every_picture_repeat_it(
    tmp_path, monkeypatch, capsys, plot, spec, variants, options
):
    monkeypatch.chdir(tmp_path)
    scope, kind = {}, PLOTS[plot].draws
    exec(code(plot, spec, variants, options), scope)
    result = scope[VERBS[kind].result]
    job = finished(make_job(kind, spec, variants, options))
    assert untimed(result.csv()) == untimed(job.data.csv())
    beside = scope.get("kept", [])
    assert [label for label, _ in beside] == [label for label, _ in job.beside]
    for (_, mine), (_, its) in zip(beside, job.beside, strict=True):
        assert untimed(mine.csv()) == untimed(its.csv())
    printed = capsys.readouterr().out
    assert all(str(one) in printed for one in (result, *(one for _, one in beside)))
    assert {f"{plot}.png"} == {path.name for path in tmp_path.iterdir()}


def untimed(text):
    """Rows of a CSV but for what a machine needed for them."""
    first, *lines = text.splitlines()
    return first, [
        {name: value for name, value in row.items() if "seconds" not in name}
        for row in csv.DictReader(lines)
    ]


def test_there_are_lines_for_every_kind_of_picture():
    assert {PLOTS[name].draws for name in PLOTS} == set(VERBS)


def test_a_stored_run_is_exported_as_it_is_seen(tmp_path):
    panel = Explorer(preset="First look")
    stored, empty = (tmp_path / f"{name}.svg" for name in ("stored", "empty"))
    panel.export(stored)
    panel.session.show(panel._wish("show")._replace(stored=None))
    panel.export(empty)
    assert stored.read_text().count("<path") > empty.read_text().count("<path")
    assert "Stored run: 20,000 calls" in stored.read_text()
    with pytest.raises(ValueError, match="there are no numbers yet"):
        panel.export(tmp_path / "run.csv")
    panel.close()


def test_an_unknown_ending_is_refused(panel, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in one of.*'\.csv'.*got '.*run\.doc'"):
        panel.export(tmp_path / "run.doc")
    with pytest.raises(ValueError, match=r"kind must be one of.*got 'gif'"):
        panel.export(tmp_path / "run.png", "gif")


def test_a_file_is_what_its_ending_says(panel, tmp_path):
    with pytest.raises(ValueError, match=r"path must end in '\.png' for kind 'png-300', got"):
        panel.export(tmp_path / "run.csv", "png-300")


def test_every_file_is_of_what_is_shown_and_not_of_what_was_chosen_after_it(tmp_path):
    panel = Explorer(SPEC)
    trace = panel.run()
    panel.controls.widgets["tail_index"].value = "1.9"
    said = json.loads(panel.export(tmp_path / "run.json").read_text())
    assert said["spec"]["tail_index"] == trace.spec.tail_index
    assert "tail_index" not in said["link"], "it is the preset's"
    assert "tail_index=1.9" not in panel.export(tmp_path / "run.py").read_text()
    assert "tail_index=1.9" in panel.code(), "the lines of the choice"
    panel.close()


def test_the_button_hands_the_file_to_the_view(monkeypatch, panel):
    saved = []
    monkeypatch.setattr(panel.view, "send", lambda *said, **more: saved.append((said, more)))
    panel._timeline._kind.value = "csv"
    panel._timeline._button.click()
    (((message,), more),) = saved
    assert message == {"kind": "save", "name": "first-look-decay.csv", "mime": "text/csv"}
    assert more["buffers"][0].startswith(b"# scion-explorer")
    assert "goes to the browser" in panel._timeline._said.value
    panel._timeline._kind.value = "link"
    panel._timeline._button.click()
    assert "preset=first-look&amp;" in panel._timeline._said.value


def test_a_plain_picture_writes_the_file_where_the_kernel_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    panel = Explorer(SPEC, fallback=True)
    panel.run()
    panel._timeline._kind.value = "png-300"
    panel._timeline._button.click()
    assert f"Written to {tmp_path / 'first-look-decay.png'}" in panel._timeline._said.value
    first = (tmp_path / "first-look-decay.png").read_bytes()
    assert len(first) > 10_000
    panel.controls.widgets["tail_index"].value = "1.2"
    panel.run()
    panel._timeline._button.click()
    assert f"Written to {tmp_path / 'first-look-decay-1.png'}" in panel._timeline._said.value
    assert (tmp_path / "first-look-decay.png").read_bytes() == first, "what was there is kept"
    panel.close()


def test_a_trace_that_was_exported_and_loaded_says_the_same(tmp_path):
    trace = run(SPEC)
    trace.save(tmp_path / "run.npz")
    assert Trace.load(tmp_path / "run.npz").rows() == trace.rows()
