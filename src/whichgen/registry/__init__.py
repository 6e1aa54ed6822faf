"""The winner of a comparison as a version of a registered model, and who is champion.

Candidate → registered → validated → alias `challenger` → gate → alias `champion`. Scores are read
from files; MLflow holds the versions and their aliases, and is imported only where it is asked.
"""
