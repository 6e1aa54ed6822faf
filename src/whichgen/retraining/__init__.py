"""Scheduled retraining: from new raw data to a champion that is surely better, or to why not."""
