"""Values that OTLP can carry, drawn by Hypothesis."""

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
times = st.integers(0, 2**64 - 1)
counts = st.integers(0, 2**32 - 1)
trace_ids, span_ids = (st.binary(min_size=n, max_size=n).map(bytes.hex) for n in (16, 8))
values = (
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | texts | st.lists(texts, max_size=3)
)
attribute_maps = st.dictionaries(texts.filter(bool), values, max_size=5)
