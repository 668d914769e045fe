"""A run as an SVG picture: a bar for each span on the time axis, with a title for pointers and screen readers."""

from collections.abc import Iterator, Sequence
from html import escape

from tasker_consumers.trace_view.durations import duration_text, offset_text
from tasker_consumers.trace_view.tree import Node

_ROW, _WIDTH, _LABELS, _MARGIN = 20, 1200, 420, 12
_TICKS = 5
_STYLE = """
text { font: 12px ui-monospace, monospace; fill: #1f2937 } .tick { fill: #6b7280 } .axis { stroke: #d1d5db }
.ok { fill: #2e9e5b } .failed { fill: #d64545 } .running { fill: #d99a1c } .chain { stroke: #111827; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { svg { background: #111827 } text { fill: #e5e7eb } .tick { fill: #9ca3af }
.axis { stroke: #374151 } .chain { stroke: #f9fafb } }
"""


def render_svg(roots: Sequence[Node]) -> str:
    """Return the picture as text; every line of the tree is a row of it."""
    rows = list(_rows(roots))
    start = min((node.start for node, _ in rows), default=0)
    end = max((node.end for node, _ in rows), default=1)
    height = _ROW * (len(rows) + 1) + 2 * _MARGIN
    label = escape(roots[0].title if roots else "no spans", quote=True)
    size = f'viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">',
        f"<style>{_STYLE}</style>",
    ]
    parts += _axis(max(end - start, 1), height)
    for position, (node, depth) in enumerate(rows):
        parts.append(_row(node, depth, _MARGIN + _ROW * (position + 1), (start, max(end - start, 1))))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _axis(length: int, height: int) -> Iterator[str]:
    for tick in range(_TICKS + 1):
        x = _LABELS + (_WIDTH - _LABELS - _MARGIN) * tick / _TICKS
        anchor = "end" if tick == _TICKS else "middle"
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{_ROW}" y2="{height - _MARGIN}"/>'
        label = offset_text(length * tick // _TICKS)
        yield f'<text class="tick" x="{x:.1f}" y="14" text-anchor="{anchor}">{label}</text>'


def _row(node: Node, depth: int, y: int, axis: tuple[int, int]) -> str:
    scale = (_WIDTH - _LABELS - _MARGIN) / axis[1]
    x, width = _LABELS + (node.start - axis[0]) * scale, max(1.5, (node.end - node.start) * scale)
    state = "failed" if node.failed else "running" if node.running else "ok"
    summary = f"{node.title}: {offset_text(node.start - axis[0])}, {duration_text(node.end - node.start)}, {state}"
    title = escape("; ".join([summary, *node.errors]), quote=True)
    chain = " chain" if node.critical else ""
    label = escape(node.title if node.count == 1 else f"{node.title} \u00d7{node.count:,}")
    return (
        f"<g><title>{title}</title>"
        f'<text x="{_MARGIN + 12 * depth}" y="{y + 14}">{label}</text>'
        f'<rect class="{state}{chain}" x="{x:.1f}" y="{y + 4}" width="{width:.1f}" height="{_ROW - 8}" rx="2"/></g>'
    )


def _rows(roots: Sequence[Node]) -> Iterator[tuple[Node, int]]:
    pending = [(root, 0) for root in reversed(roots)]
    while pending:
        node, depth = pending.pop()
        yield node, depth
        pending += [(child, depth + 1) for child in reversed(node.children)]
