"""The files of a cell, as runs in MLflow: live while it trains, at its end, and any time later.

Training writes files and knows nothing of MLflow; this package reads them. It imports mlflow only
where it publishes, so neither whichgen nor a Kedro run pays for it at the start.
"""
