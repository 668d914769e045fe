"""The plots of the benchmarks: drawn from figures alone, and the same from the same figures."""

from pathlib import Path

from benchmarks.plots import draw_all

LATENCY = {"p50_ms": 12.0, "p99_ms": 80.0, "permille_ms": [3 + n * n / 10_000 for n in range(999)]}
STORES = {
    "memory": {"resident_mb": [200, 240, 260], "bytes_per_open_task": 2300, "records_per_s": 140_000},
    "rocksdb": {"resident_mb": [220, 240, 241], "bytes_per_open_task": 900, "records_per_s": 110_000},
}
FIGURES = {
    "stats": {
        "cores": 2,
        "records": 800_000,
        "tasks": 70_000,
        "rounds": {"ours": [52_000, 50_000], "plain": [49_000, 50_000], "quix": [11_000]},
        "medians": {"ours": 51_000, "plain": 49_500, "quix": 11_000},
        "ratio_plain": 1.03,
        "ratio_quix": 4.7,
    },
    "scaling": {"cores": 2, "rounds": {"1": [50_000], "2": [70_000], "4": [68_000]}},
    "latency": {"cores": 2, "rate": 1000.0, "seconds": 30.0, "stats": LATENCY, "spans": LATENCY},
    "memory": {"cores": 2, "tasks": 50_000, "steps": 5, **STORES},
    "recovery": {"cores": 2, "records": 500_000, **STORES},
}
NAMES = {"throughput", "scaling", "latency", "memory", "recovery"}


def drawn(folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    draw_all(FIGURES, folder)
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_every_plot_is_there_as_png_and_as_svg(tmp_path: Path) -> None:
    assert drawn(tmp_path / "plots").keys() == {f"{name}.{kind}" for name in NAMES for kind in ("png", "svg")}


def test_the_same_figures_make_the_same_files(tmp_path: Path) -> None:
    assert drawn(tmp_path / "once") == drawn(tmp_path / "again")
