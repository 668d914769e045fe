"""Alert rules, and Grafana's dashboards as code; `python -m monitoring` writes the files."""
